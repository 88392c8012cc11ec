//! A sweep in an object store: S3, Azure Blob or Google Cloud Storage.
//!
//! Objects appear whole, and one that must not exist is put on the condition that it does not; so what holds for shards that share a
//! folder holds for shards that share a bucket. Who may read and write there, and where the service is, the environment says, in the
//! variables of the provider (`AWS_ACCESS_KEY_ID`, `AZURE_STORAGE_ACCOUNT_NAME`, `GOOGLE_SERVICE_ACCOUNT`, …).

use std::fs::File;
use std::io::{self, Cursor, ErrorKind, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use object_store::aws::AmazonS3Builder;
use object_store::azure::MicrosoftAzureBuilder;
use object_store::gcp::GoogleCloudStorageBuilder;
use object_store::path::Path as Key;
use object_store::{
    Error, ObjectStore, ObjectStoreExt, ObjectStoreScheme, PutMode, PutPayload, RetryConfig, WriteMultipart,
};
use tokio::runtime::Runtime;

use super::place::Place;
use super::store::StoreError;
use crate::report::files::{FileError, Lasting, TEMPORARY, Whole};

/// Bytes that are sent at a time of a file that is made piece by piece.
const PIECE: usize = 8 << 20;
/// Pieces that are on their way at once.
const PIECES: usize = 4;

/// What an address may begin with.
const KINDS: &str =
    "no object store; addresses begin with s3://, az://, abfs://, abfss:// or gs://, then a bucket or container";
/// How long a request is tried again that the service did not answer.
const PATIENCE: Duration = Duration::from_secs(30);

/// A place in an object store.
pub(super) struct Remote(Arc<Inner>);

struct Inner {
    store: Box<dyn ObjectStore>,
    base: Key,
    address: String,
    runtime: Runtime,
}

impl Remote {
    /// The place of an address; nothing is asked of the service yet.
    pub fn open(address: &str) -> Result<Remote, StoreError> {
        let wrong = |why: String| StoreError::Address(address.to_owned(), one_line(&why));
        let url = url::Url::parse(address).map_err(|e| wrong(e.to_string()))?;
        let (kind, base) = ObjectStoreScheme::parse(&url).map_err(|_| wrong(KINDS.to_owned()))?;
        let store = of_kind(&kind, address).ok_or_else(|| wrong(KINDS.to_owned()))?;
        let store = store.map_err(|e| wrong(e.to_string()))?;
        // Requests wait for the service, not for a processor.
        let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build();
        let runtime = runtime.map_err(|e| wrong(format!("cannot start a thread: {e}")))?;
        let address = address.trim_end_matches('/').to_owned();
        Ok(Remote(Arc::new(Inner { store, base, address, runtime })))
    }

    fn failed(&self, action: &'static str, name: &str) -> impl FnOnce(Error) -> FileError + use<> {
        let path = self.show(name);
        move |error| FileError { action, path, source: system(error) }
    }

    /// The keys directly in a folder: files, then folders.
    fn names(&self, folder: &str) -> Result<(Vec<String>, Vec<String>), FileError> {
        let key = self.0.key(folder);
        let listed = self.0.runtime.block_on(self.0.store.list_with_delimiter(Some(&key)));
        let listed = listed.map_err(self.failed("list", folder))?;
        let last = |key: &Key| key.filename().map(str::to_owned);
        let files = listed.objects.iter().filter_map(|object| last(&object.location)).collect();
        Ok((files, listed.common_prefixes.iter().filter_map(last).collect()))
    }
}

/// The store of an address, as the environment describes the service; `None` where it is of no kind we know.
fn of_kind(kind: &ObjectStoreScheme, address: &str) -> Option<Result<Box<dyn ObjectStore>, Error>> {
    let retry = RetryConfig { max_retries: 8, retry_timeout: PATIENCE, ..RetryConfig::default() };
    fn boxed<S: ObjectStore>(built: Result<S, Error>) -> Result<Box<dyn ObjectStore>, Error> {
        built.map(|store| Box::new(store) as Box<dyn ObjectStore>)
    }
    match kind {
        ObjectStoreScheme::AmazonS3 => {
            Some(boxed(AmazonS3Builder::from_env().with_url(address).with_retry(retry).build()))
        }
        ObjectStoreScheme::MicrosoftAzure => {
            Some(boxed(MicrosoftAzureBuilder::from_env().with_url(address).with_retry(retry).build()))
        }
        ObjectStoreScheme::GoogleCloudStorage => {
            Some(boxed(GoogleCloudStorageBuilder::from_env().with_url(address).with_retry(retry).build()))
        }
        _ => None,
    }
}

impl Inner {
    fn key(&self, name: &str) -> Key {
        name.split('/').filter(|part| !part.is_empty()).fold(self.base.clone(), |key, part| key.join(part))
    }

    /// Sends a file in pieces; the object appears after the last one.
    fn send(&self, name: &str, file: &Path) -> io::Result<()> {
        let mut file = File::open(file)?;
        let upload = self.runtime.block_on(self.store.put_multipart(&self.key(name))).map_err(system)?;
        let mut upload = WriteMultipart::new_with_chunk_size(upload, PIECE);
        let mut piece = vec![0; PIECE];
        loop {
            let read = match file.read(&mut piece) {
                Ok(0) => break,
                Ok(read) => self.runtime.block_on(upload.wait_for_capacity(PIECES)).map(|()| read).map_err(system),
                Err(error) => Err(error),
            };
            match read {
                Ok(read) => self.runtime.block_on(async { upload.write(&piece[..read]) }),
                Err(error) => {
                    // What was sent is of no use; the service forgets it in time where it cannot be told.
                    let _ = self.runtime.block_on(upload.abort());
                    return Err(error);
                }
            }
        }
        self.runtime.block_on(upload.finish()).map(|_| ()).map_err(system)
    }
}

impl Place for Remote {
    fn show(&self, name: &str) -> PathBuf {
        let address = &self.0.address;
        PathBuf::from(if name.is_empty() { address.clone() } else { format!("{address}/{name}") })
    }

    /// Nothing is made: a folder is what its objects are called.
    fn prepare(&self, _: &[&str]) -> Result<(), FileError> {
        Ok(())
    }

    fn entries(&self) -> Result<Option<Vec<String>>, FileError> {
        let (files, folders) = self.names("")?;
        let all: Vec<String> = files.into_iter().chain(folders).collect();
        Ok((!all.is_empty()).then_some(all))
    }

    /// An object appears whole: there is nothing unfinished in a store.
    fn tidy(&self, _: &[&str]) {}

    fn list(&self, folder: &str) -> Result<Vec<String>, FileError> {
        let (mut files, _) = self.names(folder)?;
        files.retain(|name| !name.starts_with(TEMPORARY));
        files.sort();
        Ok(files)
    }

    fn read(&self, name: &str) -> Result<Option<Vec<u8>>, FileError> {
        let key = self.0.key(name);
        let get = async { self.0.store.get(&key).await?.bytes().await };
        match self.0.runtime.block_on(get) {
            Err(Error::NotFound { .. }) => Ok(None),
            other => other.map(|bytes| Some(bytes.into())).map_err(self.failed("read", name)),
        }
    }

    fn open(&self, name: &str) -> Result<Box<dyn Read>, FileError> {
        match self.read(name)? {
            Some(bytes) => Ok(Box::new(Cursor::new(bytes))),
            None => Err(FileError::on("read", &self.show(name))(ErrorKind::NotFound.into())),
        }
    }

    fn write(&self, name: &str, bytes: &[u8]) -> Result<(), FileError> {
        let key = self.0.key(name);
        let put = self.0.store.put(&key, PutPayload::from(bytes.to_vec()));
        self.0.runtime.block_on(put).map(|_| ()).map_err(self.failed("write", name))
    }

    fn write_new(&self, name: &str, bytes: &[u8], _: Lasting) -> Result<bool, FileError> {
        let key = self.0.key(name);
        let put = self.0.store.put_opts(&key, PutPayload::from(bytes.to_vec()), PutMode::Create.into());
        match self.0.runtime.block_on(put) {
            Ok(_) => Ok(true),
            Err(Error::AlreadyExists { .. }) => Ok(false),
            Err(error) => Err(self.failed("write", name)(error)),
        }
    }

    fn begin(&self, name: &str) -> Result<Whole, FileError> {
        let (inner, to) = (Arc::clone(&self.0), name.to_owned());
        Whole::begin_for(self.show(name), Box::new(move |file| inner.send(&to, file)))
    }

    fn remove(&self, name: &str) -> Result<(), FileError> {
        match self.0.runtime.block_on(self.0.store.delete(&self.0.key(name))) {
            Err(Error::NotFound { .. }) => Ok(()),
            other => other.map_err(self.failed("remove the old", name)),
        }
    }
}

/// What the service said, as of a file.
fn system(error: Error) -> io::Error {
    let kind = match &error {
        Error::NotFound { .. } => ErrorKind::NotFound,
        Error::AlreadyExists { .. } => ErrorKind::AlreadyExists,
        Error::PermissionDenied { .. } | Error::Unauthenticated { .. } => ErrorKind::PermissionDenied,
        _ => ErrorKind::Other,
    };
    io::Error::new(kind, one_line(&error.to_string()))
}

/// Services answer in pages of text.
fn one_line(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_refused_by_name() {
        for (address, why) in
            [("ftp://x/y", "s3://"), ("s3://", "s3://"), ("file:///tmp/x", "s3://"), ("memory:///", "s3://")]
        {
            let said = Remote::open(address).err().map(|e| e.to_string()).unwrap_or_default();
            assert!(said.starts_with(address) && said.contains(why), "{address}: {said}");
        }
        let place = Remote::open("s3://bucket/a/sweep/").expect("an address");
        assert_eq!(place.show("cells/x.json").display().to_string(), "s3://bucket/a/sweep/cells/x.json");
        assert_eq!(place.0.key("cells/x.json").to_string(), "a/sweep/cells/x.json");
    }
}
