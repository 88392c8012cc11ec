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

/// Fields that are held before a group of rows is written to the Parquet file.
const HELD: usize = 200_000;

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

/// Both files while they are written.
pub(super) struct Tables {
    columns: Vec<Column>,
    csv: BufWriter<Whole>,
    parquet: SerializedFileWriter<Whole>,
    rows: Vec<Vec<Field>>,
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
        Ok(Tables { columns, csv, parquet, rows: Vec::new(), failed })
    }

    /// Adds rows.
    pub(super) fn take(&mut self, block: Block) -> Result<(), StoreError> {
        let text = block.text.into_inner().expect("memory does not fail");
        self.csv.write_all(&text).map_err(&self.failed)?;
        for fields in block.rows {
            self.rows.push(fields);
            // Where a group ends depends on the rows alone, not on how they came.
            if self.rows.len() * self.columns.len() >= HELD {
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
        let rows = std::mem::take(&mut self.rows);
        if rows.is_empty() {
            return Ok(());
        }
        let mut group = self.parquet.next_row_group()?;
        for (at, column) in self.columns.iter().enumerate() {
            let fields = || rows.iter().map(|row| &row[at]);
            let present: Vec<i16> = fields().map(|field| i16::from(*field != Field::Nothing)).collect();
            let mut writer = group.next_column()?.expect("the schema has as many columns as are written");
            if column.number {
                let number = |field: &Field| if let Field::Number(number) = field { Some(*number) } else { None };
                let values: Vec<f64> = fields().filter_map(number).collect();
                writer.typed::<DoubleType>().write_batch(&values, Some(&present), None)?;
            } else {
                let text =
                    |field: &Field| if let Field::Text(text) = field { Some(text.as_str().into()) } else { None };
                let values: Vec<ByteArray> = fields().filter_map(text).collect();
                writer.typed::<ByteArrayType>().write_batch(&values, Some(&present), None)?;
            }
            writer.close()?;
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
