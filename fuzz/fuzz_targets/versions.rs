//! Versions: a scheme, then versions, a line each. Their order is one, and what is next comes later.
#![no_main]

use bstr::ByteSlice as _;
use libfuzzer_sys::fuzz_target;
use refgate::testing::version::Scheme;

fuzz_target!(|input: &[u8]| {
    let mut lines = input.lines().filter_map(|line| line.to_str().ok());
    let Some(Ok(scheme)) = lines.next().map(Scheme::parse) else { return };
    let versions: Vec<_> = lines.take(8).filter_map(|line| scheme.read(line).ok()).collect();
    for version in &versions {
        assert!(version.compare(version).is_ok_and(|order| order.is_eq()));
        if let Ok(next) = version.next() {
            assert!(next.compare(version).is_ok_and(|order| order.is_gt()));
        }
        for other in &versions {
            // Versions of two packages have no order.
            let (there, back) = (version.compare(other), other.compare(version));
            assert_eq!(there.ok(), back.ok().map(std::cmp::Ordering::reverse));
        }
    }
});
