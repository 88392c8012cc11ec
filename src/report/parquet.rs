//! Time series as one Parquet table: `series`, `unit`, `t_s`, `value` (null where there is none).
//!
//! Built on the low-level column writer, without Arrow. The file names Apollo as its creator, not the version of the
//! library, so an upgrade of the library alone does not change a hash.

use std::sync::Arc;

use ::parquet::basic::Compression;
use ::parquet::data_type::{ByteArray, ByteArrayType, DataType, DoubleType};
use ::parquet::errors::Result;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::parser::parse_message_type;

use crate::experiment::results::Series;

/// Columns of the file.
const SCHEMA: &str = "message series {
    required binary series (UTF8);
    required binary unit (UTF8);
    required double t_s;
    optional double value;
}";

/// The series as bytes of a Parquet file.
///
/// # Errors
///
/// Only if the Parquet library refuses the data, which would be a defect of ours.
pub fn series(series: &[Series]) -> Result<Vec<u8>> {
    let properties =
        WriterProperties::builder().set_created_by("apollo".to_owned()).set_compression(Compression::SNAPPY).build();
    let schema = Arc::new(parse_message_type(SCHEMA)?);
    let mut file = SerializedFileWriter::new(Vec::new(), schema, Arc::new(properties))?;
    let mut group = file.next_row_group()?;
    column::<ByteArrayType>(&mut group, &repeated(series, |s| &s.name), None)?;
    column::<ByteArrayType>(&mut group, &repeated(series, |s| &s.unit), None)?;
    let times: Vec<f64> = series.iter().flat_map(points).map(|(t, _)| t).collect();
    column::<DoubleType>(&mut group, &times, None)?;
    let present: Vec<i16> = series.iter().flat_map(points).map(|(_, v)| i16::from(!v.is_nan())).collect();
    let values: Vec<f64> = series.iter().flat_map(points).map(|(_, v)| v).filter(|v| !v.is_nan()).collect();
    column::<DoubleType>(&mut group, &values, Some(&present))?;
    group.close()?;
    file.into_inner()
}

/// Times and values of a series.
fn points(series: &Series) -> impl Iterator<Item = (f64, f64)> {
    series.t_s.iter().copied().zip(series.values.iter().copied())
}

/// A text of each series, once per point; the bytes are shared, not copied.
fn repeated(series: &[Series], text: impl Fn(&Series) -> &String) -> Vec<ByteArray> {
    let mut out = Vec::new();
    for s in series {
        let shared = ByteArray::from(text(s).as_str());
        out.extend(std::iter::repeat_n(shared, points(s).count()));
    }
    out
}

/// Writes the next column; `present` has one entry per row (0: null) where the column is optional.
fn column<T: DataType>(
    group: &mut SerializedRowGroupWriter<'_, Vec<u8>>,
    values: &[T::T],
    present: Option<&[i16]>,
) -> Result<()> {
    let mut writer = group.next_column()?.expect("the schema has as many columns as are written");
    writer.typed::<T>().write_batch(values, present, None)?;
    writer.close()
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};
    use ::parquet::record::Field;

    fn sample() -> Vec<Series> {
        let one = Series { name: "a".into(), unit: "1".into(), t_s: vec![1.0, 2.0], values: vec![0.5, f64::NAN] };
        let two = Series { name: "b".into(), unit: "B/s".into(), t_s: vec![1.0], values: vec![1e11] };
        vec![one, two]
    }

    #[test]
    fn rows_read_back_with_nulls() {
        let mut file = tempfile::tempfile().unwrap();
        std::io::Write::write_all(&mut file, &series(&sample()).unwrap()).unwrap();
        let reader = SerializedFileReader::new(file).unwrap();
        let rows: Vec<Vec<Field>> = reader
            .get_row_iter(None)
            .unwrap()
            .map(|row| row.unwrap().get_column_iter().map(|(_, f)| f.clone()).collect())
            .collect();
        let text = |s: &str| Field::Str(s.to_owned());
        assert_eq!(rows[0], [text("a"), text("1"), Field::Double(1.0), Field::Double(0.5)]);
        assert_eq!(rows[1], [text("a"), text("1"), Field::Double(2.0), Field::Null]);
        assert_eq!(rows[2], [text("b"), text("B/s"), Field::Double(1.0), Field::Double(1e11)]);
        assert_eq!(reader.metadata().file_metadata().created_by(), Some("apollo"));
    }

    #[test]
    fn the_same_series_give_the_same_bytes_and_none_are_fine() {
        assert_eq!(series(&sample()).unwrap(), series(&sample()).unwrap());
        assert!(!series(&[]).unwrap().is_empty());
    }
}
