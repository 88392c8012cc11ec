//! The program from outside: arguments, streams, exit codes, files.

mod calibrate;
mod compare;
mod measured;
#[cfg(unix)]
mod process;
mod reference;
mod run;
mod scenario;
mod support;
mod sweep;
mod test;
