//! Reports of made-up results: text, tables, charts, and the result folder.

mod charts;
mod folder;
mod output;
mod sample;
