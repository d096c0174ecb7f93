//! The oldest git that is good enough.
//!
//! Hooks read repositories without it. The doctor makes repositories of the right hash function (`init --object-format`) and
//! the installer asks where a setting comes from (`config --show-scope`); the hook that looks again when each ref moves
//! exists since 2.28. What a later git can do besides, such as trying a pick (2.38), is said to be left out where it is.

/// The oldest one, as major and minor number.
pub(crate) const LEAST_GIT: (u32, u32) = (2, 29);

/// Returns the version that `git version` says it is, if that is too old. Whoever builds a git of their own may call it
/// something else: that is taken for a new one.
pub(crate) fn too_old(said: &[u8]) -> Option<String> {
    let said = String::from_utf8_lossy(said);
    let version = said.trim().strip_prefix("git version ")?.split_whitespace().next()?;
    let mut numbers = version.split('.').map(str::parse::<u32>);
    let (Some(Ok(major)), Some(Ok(minor))) = (numbers.next(), numbers.next()) else { return None };
    ((major, minor) < LEAST_GIT).then(|| version.to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn versions_are_read_as_git_and_its_builders_write_them() {
        for old in ["2.28.1", "2.10.0", "1.9.5.msysgit.1", "2.28.0-rc1", "2.28.GIT"] {
            assert_eq!(too_old(format!("git version {old}\n").as_bytes()).as_deref(), Some(old), "{old}");
        }
        for new in ["2.29.0", "2.30.2", "2.39.5 (Apple Git-154)", "2.45.1.windows.1", "3.0.0", "2.50.GIT", "next", "2"]
        {
            assert_eq!(too_old(format!("git version {new}\n").as_bytes()), None, "{new}");
        }
        assert_eq!(too_old(b"\xff"), None);
    }
}
