//! `results.csv` and `results.parquet`: one row a cell, written row by row.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use ::parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use ::parquet::data_type::{ByteArray, ByteArrayType, DoubleType};
use ::parquet::errors::Result as Encoded;
use ::parquet::file::properties::{EnabledStatistics, WriterProperties};
use ::parquet::file::writer::SerializedFileWriter;
use ::parquet::schema::types::Type;

use super::place::Place;
use super::store::StoreError;
use crate::report::csv::shortest;
use crate::report::files::{FileError, Whole};

/// Fields that are held before a group of rows is written to the Parquet file: of every column of every group a kilobyte is
/// kept until the end, so groups are large.
const HELD: usize = 1_000_000;

/// A column.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Column {
    pub(super) name: String,
    pub(super) number: bool,
}

/// A field of a row.
#[derive(Clone, Debug, PartialEq)]
pub(super) enum Field {
    Text(String),
    Number(f64),
    Nothing,
}

/// Rows in both forms, ready to be written: they can be made by any thread.
pub(super) struct Block {
    text: csv::Writer<Vec<u8>>,
    rows: Vec<Vec<Field>>,
}

impl Block {
    /// Without rows.
    pub(super) fn begin() -> Block {
        Block { text: csv::Writer::from_writer(Vec::new()), rows: Vec::new() }
    }

    /// Adds a row, which has a field for every column.
    pub(super) fn row(&mut self, fields: Vec<Field>) {
        let text = |field: &Field| match field {
            Field::Text(text) => text.clone(),
            Field::Number(number) => shortest(*number),
            Field::Nothing => String::new(),
        };
        self.text.write_record(fields.iter().map(text)).expect("rows are equally long, and memory does not fail");
        self.rows.push(fields);
    }
}

/// Fields of a column that wait for their group: which rows have one, and what these are.
#[derive(Default)]
struct Held {
    present: Vec<i16>,
    numbers: Vec<f64>,
    texts: Vec<ByteArray>,
}

impl Held {
    fn take(&mut self, field: Field) {
        self.present.push(i16::from(field != Field::Nothing));
        match field {
            Field::Text(text) => self.texts.push(text.into_bytes().into()),
            Field::Number(number) => self.numbers.push(number),
            Field::Nothing => {}
        }
    }

    fn clear(&mut self) {
        self.present.clear();
        self.numbers.clear();
        self.texts.clear();
    }
}

/// Both files while they are written.
pub(super) struct Tables {
    columns: Vec<Column>,
    csv: BufWriter<Whole>,
    parquet: SerializedFileWriter<Whole>,
    held: Vec<Held>,
    rows: usize,
    failed: Box<dyn Fn(std::io::Error) -> FileError + Send + Sync>,
}

impl Tables {
    /// Begins both.
    pub(super) fn begin(place: &dyn Place, columns: Vec<Column>) -> Result<Tables, StoreError> {
        let text = place.begin("results.csv")?;
        let failed = Box::new(text.failed());
        let mut csv = BufWriter::new(text);
        let mut head = csv::Writer::from_writer(&mut csv);
        head.write_record(columns.iter().map(|c| &c.name)).map_err(|e| failed(e.into()))?;
        head.flush().map_err(&failed)?;
        drop(head);
        let parquet = parquet(place.begin("results.parquet")?, &columns)?;
        let held = columns.iter().map(|_| Held::default()).collect();
        Ok(Tables { columns, csv, parquet, held, rows: 0, failed })
    }

    /// Adds rows.
    pub(super) fn take(&mut self, block: Block) -> Result<(), StoreError> {
        let text = block.text.into_inner().expect("memory does not fail");
        self.csv.write_all(&text).map_err(&self.failed)?;
        for fields in block.rows {
            self.held.iter_mut().zip(fields).for_each(|(held, field)| held.take(field));
            self.rows += 1;
            // Where a group ends depends on the rows alone, not on how they came.
            if self.rows * self.columns.len() >= HELD {
                self.group()?;
            }
        }
        Ok(())
    }

    /// Puts both files in their places.
    pub(super) fn finish(mut self) -> Result<(), StoreError> {
        self.group()?;
        let failed = self.failed;
        let mut parquet = self.parquet.into_inner()?;
        parquet.flush().map_err(&failed)?;
        self.csv.into_inner().map_err(|e| failed(e.into_error()))?.finish()?;
        Ok(parquet.finish()?)
    }

    fn group(&mut self) -> Result<(), StoreError> {
        if std::mem::take(&mut self.rows) == 0 {
            return Ok(());
        }
        let mut group = self.parquet.next_row_group()?;
        for (column, held) in self.columns.iter().zip(&mut self.held) {
            let mut writer = group.next_column()?.expect("the schema has as many columns as are written");
            let present = Some(&held.present[..]);
            if column.number {
                writer.typed::<DoubleType>().write_batch(&held.numbers, present, None)?;
            } else {
                writer.typed::<ByteArrayType>().write_batch(&held.texts, present, None)?;
            }
            writer.close()?;
            held.clear();
        }
        group.close()?;
        Ok(())
    }
}

/// A Parquet file with these columns, all of which may be empty.
fn parquet(file: Whole, columns: &[Column]) -> Encoded<SerializedFileWriter<Whole>> {
    let column = |column: &Column| {
        let (physical, converted) = match column.number {
            true => (Physical::DOUBLE, ConvertedType::NONE),
            false => (Physical::BYTE_ARRAY, ConvertedType::UTF8),
        };
        let builder = Type::primitive_type_builder(&column.name, physical).with_converted_type(converted);
        builder.with_repetition(Repetition::OPTIONAL).build().map(Arc::new)
    };
    let fields = columns.iter().map(column).collect::<Encoded<Vec<_>>>()?;
    let schema = Arc::new(Type::group_type_builder("cells").with_fields(fields).build()?);
    // What is kept of every column of every group until the end is some kilobytes with statistics, and these columns are many.
    let properties = WriterProperties::builder()
        .set_created_by("apollo".to_owned())
        .set_compression(Compression::SNAPPY)
        .set_statistics_enabled(EnabledStatistics::None)
        .set_offset_index_disabled(true)
        .build();
    SerializedFileWriter::new(file, schema, Arc::new(properties))
}
