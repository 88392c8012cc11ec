//! Text of XML files, which may declare other encodings than UTF-8.

/// The text of an XML file.
///
/// # Errors
/// Why it cannot be read: an encoding that is not known here, or bytes that are not in the encoding.
pub fn xml_text(bytes: Vec<u8>) -> Result<String, String> {
    if let [0xff, 0xfe, rest @ ..] = bytes.as_slice() {
        return utf16(rest, u16::from_le_bytes);
    }
    if let [0xfe, 0xff, rest @ ..] = bytes.as_slice() {
        return utf16(rest, u16::from_be_bytes);
    }
    let declared = declared(&bytes);
    match declared.to_ascii_lowercase().as_str() {
        "" | "utf-8" | "utf8" | "us-ascii" | "ascii" => String::from_utf8(bytes)
            .map_err(|error| format!("not UTF-8 text (byte {} is invalid)", error.utf8_error().valid_up_to())),
        // The first 256 characters of Unicode are those of Latin-1.
        "iso-8859-1" | "latin1" | "latin-1" => Ok(bytes.into_iter().map(char::from).collect()),
        "utf-16" | "utf-16le" | "utf-16be" => Err(format!("declares {declared} and is not in it")),
        _ => Err(format!("declares the encoding {declared}; UTF-8, UTF-16 and ISO-8859-1 can be read")),
    }
}

fn utf16(bytes: &[u8], unit: impl Fn([u8; 2]) -> u16) -> Result<String, String> {
    let (pairs, rest) = bytes.as_chunks::<2>();
    let units: Vec<u16> = pairs.iter().map(|pair| unit(*pair)).collect();
    match (rest.is_empty(), String::from_utf16(&units)) {
        (true, Ok(text)) => Ok(text),
        _ => Err("not UTF-16 text, as its first bytes say".to_owned()),
    }
}

/// The encoding in the declaration of an XML file; empty where there is none.
fn declared(bytes: &[u8]) -> String {
    let head: String = bytes.iter().take(200).map(|byte| char::from(*byte)).collect();
    let Some(declaration) = head.trim_start_matches("\u{ef}\u{bb}\u{bf}").strip_prefix("<?xml") else {
        return String::new();
    };
    let declaration = declaration.split("?>").next().unwrap_or_default();
    let Some((_, value)) = declaration.split_once("encoding") else { return String::new() };
    let value = value.trim_start().trim_start_matches('=').trim_start();
    value.split(['"', '\'']).nth(1).unwrap_or_default().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn declared_encodings_are_read_or_refused() {
        let text = "<?xml version=\"1.0\" encoding='ISO-8859-1'?><a>Zürich</a>";
        let latin: Vec<u8> = text.chars().map(|c| c as u8).collect();
        assert_eq!(xml_text(latin).as_deref(), Ok(text));
        let wide = |bytes: fn(u16) -> [u8; 2], mark: [u8; 2]| {
            let mut out = mark.to_vec();
            out.extend(text.encode_utf16().flat_map(bytes));
            xml_text(out)
        };
        assert_eq!(wide(u16::to_le_bytes, [0xff, 0xfe]).as_deref(), Ok(text));
        assert_eq!(wide(u16::to_be_bytes, [0xfe, 0xff]).as_deref(), Ok(text));
        assert_eq!(xml_text(text.as_bytes().to_vec()).unwrap().chars().filter(|c| *c == 'Ã').count(), 1, "as declared");
        let refused = xml_text(b"<?xml version=\"1.0\" encoding=\"EUC-JP\"?><a/>".to_vec()).unwrap_err();
        assert!(refused.contains("EUC-JP"), "{refused}");
        assert!(xml_text(b"<a>\xff</a>".to_vec()).unwrap_err().contains("byte 3"));
        assert!(xml_text(vec![0xff, 0xfe, 0x00]).is_err() && xml_text(vec![0xff, 0xfe, 0x00, 0xd8]).is_err());
    }
}
