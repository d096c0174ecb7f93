//! What holds for versions of every scheme.

use std::cmp::Ordering;

use proptest::prelude::*;

use super::*;

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap()
}

fn read(text: &str, scheme_name: &str) -> Version {
    scheme(scheme_name).read(text).unwrap()
}

const SCHEMES: &[&str] =
    &["semver", "pep440", "debian", "calver:YYYY.Q", "calver:YY.0M[.MICRO]", "dotted", "dotted:letters=pre", "nvr"];

/// Texts that a scheme reads, but for a few: small numbers, every marker, every separator, so that many are close.
fn texts(scheme_name: &str) -> String {
    let number = "(0|1|2|9|10|18446744073709551615)";
    let loose = "(0|1|2|9|10|01)";
    let word = "(a|b|c|rc|RC|pre|alpha|beta|dev|post|r|snapshot|z)";
    let suffix = format!("([-._]?{word}([-._]?{loose})?){{0,3}}");
    match scheme_name {
        "semver" => {
            let identifier = format!("({number}|{word}{loose}?|[a-c0-9-]{{1,3}})");
            format!(r"{number}\.{number}\.{number}(-{identifier}(\.{identifier}){{0,3}})?(\+[a-c0-9-]{{1,3}})?")
        }
        "pep440" => format!(r"v?([12]!)?{loose}(\.{loose}){{0,3}}{suffix}(\+[a-c0-9]{{1,2}}([-._][a-c0-9]{{1,2}})?)?"),
        "debian" => format!(r"([12]:)?{loose}(\.{loose}){{0,3}}([-.+~]{{1,2}}({word}|{loose}){{1,2}}){{0,3}}"),
        "nvr" => format!(
            r"(foo-|bar-)?([12]:)?{loose}([._]?{loose}){{0,3}}([.+~^]({word}|{loose})){{0,2}}(-{loose}(\.el9|{word})?)?"
        ),
        "calver:YYYY.Q" => format!(r"20[0-2][0-9]\.[1-4]{suffix}"),
        "calver:YY.0M[.MICRO]" => format!(r"[12][0-9]\.(0[1-9]|1[0-2])(\.{number})?{suffix}"),
        _ => format!(r"{loose}(\.{loose}){{0,4}}([a-z]|(-{loose})?{suffix})?"),
    }
}

/// Versions of one scheme.
fn versions(count: usize) -> impl Strategy<Value = Vec<Version>> {
    proptest::sample::select(SCHEMES).prop_flat_map(move |name| {
        let text = proptest::string::string_regex(&texts(name)).unwrap();
        let version = text.prop_filter_map("not a version", move |text| scheme(name).read(&text).ok());
        proptest::collection::vec(version, count)
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1024, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn the_order_is_total(versions in versions(3)) {
        let [a, b, c] = versions.as_slice() else { unreachable!() };
        // Differently named packages have none.
        if let (Ok(ab), Ok(bc), Ok(ac)) = (a.compare(b), b.compare(c), a.compare(c)) {
            prop_assert_eq!(a.compare(a).unwrap(), Ordering::Equal);
            prop_assert_eq!(b.compare(a).unwrap(), ab.reverse());
            if ab == bc {
                prop_assert_eq!(ac, ab, "{} {} {}", a, b, c);
            }
            if ab.is_eq() {
                prop_assert_eq!(ac, bc, "{} {} {}", a, b, c);
            }
        }
    }

    #[test]
    fn a_next_version_comes_next(versions in versions(1)) {
        let version = &versions[0];
        if let Ok(next) = version.next() {
            prop_assert!(version.compare(&next).unwrap().is_lt(), "{version} {next}");
            prop_assert!(!next.is_dev() || version.is_dev());
        }
        let release = version.final_release().unwrap();
        prop_assert!(version.compare(&release).unwrap().is_le() || version.as_str().contains(['+', '^']) || !version.is_prerelease(), "{version} {release}");
        prop_assert!(release.same_as(&release.final_release().unwrap()).unwrap());
    }

    #[test]
    fn a_development_version_is_between_its_tag_and_what_it_counts_towards(versions in versions(1), distance in 1_u64..1000) {
        let version = &versions[0];
        for (spelling, name) in [(Spelling::Pep440, "pep440"), (Spelling::Semver, "semver"), (Spelling::Debian, "debian")] {
            let (Ok(tag), Ok(dev), Ok(later)) = (
                spell_release(version, spelling),
                spell_dev(version, distance, spelling, None),
                spell_dev(version, distance + 1, spelling, None),
            ) else { continue };
            let (tag, dev, later) = (read(&tag, name), read(&dev, name), read(&later, name));
            // An old local version counts for its order in PEP 440; the next version has none to compare.
            prop_assert!(tag.compare(&dev).unwrap().is_lt(), "{version}: {tag} {dev}");
            prop_assert!(dev.compare(&later).unwrap().is_lt(), "{version}: {dev} {later}");
            prop_assert!(dev.is_dev() && dev.is_prerelease());
            if let Ok(next) = version.next().map_err(drop).and_then(|next| spell_release(&next, spelling).map_err(drop)) {
                prop_assert!(later.compare(&read(&next, name)).unwrap().is_lt(), "{version}: {later} {next}");
            }
            prop_assert!(dev.compare(&tag.final_release().unwrap()).unwrap().is_lt() || !tag.is_prerelease(), "{version}: {dev}");
        }
    }

    #[test]
    fn spellings_keep_the_order(versions in versions(2)) {
        let [a, b] = versions.as_slice() else { unreachable!() };
        for (spelling, name) in [(Spelling::Pep440, "pep440"), (Spelling::Semver, "semver"), (Spelling::Debian, "debian")] {
            let (Ok(left), Ok(right), Ok(order)) = (spell_release(a, spelling), spell_release(b, spelling), a.compare(b)) else { continue };
            // The documented exceptions: versions of several widths in Debian, local versions, and what two stages share.
            if left.contains('+') || right.contains('+') || a.release().len() != b.release().len() {
                continue;
            }
            let spelled = read(&left, name).compare(&read(&right, name)).unwrap();
            prop_assert!(spelled == order || spelled.is_eq(), "{a} {b} are {left} {right}");
        }
    }

    #[test]
    fn docker_tags_are_legal(versions in versions(1), distance in any::<u64>()) {
        for tag in [spell_release(&versions[0], Spelling::Docker), spell_dev(&versions[0], distance, Spelling::Docker, None)].into_iter().flatten() {
            prop_assert!(tag.len() <= 128 && tag.starts_with(|c: char| c.is_ascii_alphanumeric() || c == '_'), "{tag}");
            prop_assert!(tag.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-')), "{tag}");
        }
    }

    #[test]
    fn reading_never_panics(text in prop_oneof![any::<String>(), proptest::sample::select(SCHEMES).prop_flat_map(|name| proptest::string::string_regex(&texts(name)).unwrap()), "[0-9a-z.:~^!+_-]{0,300}"]) {
        for name in SCHEMES {
            match scheme(name).read(&text) {
                Ok(version) => {
                    prop_assert_eq!(version.to_string(), text.clone());
                    prop_assert!(!version.release().is_empty());
                    drop((version.next(), version.final_release(), version.bump(Level::Minor), version.series_key("{major}")));
                }
                Err(error) => prop_assert!(error.offset <= text.len() && !error.to_string().is_empty()),
            }
        }
        drop(Scheme::parse(&text));
        drop(Scheme::parse(&format!("calver:{text}")));
    }
}
