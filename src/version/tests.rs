//! Versions by example. That each order is the ecosystem's own is shown against dpkg,
//! `packaging` and npm in `tests/it/version_order.rs`.

use std::cmp::Ordering;

use super::*;

fn scheme(text: &str) -> Scheme {
    Scheme::parse(text).unwrap()
}

fn read(text: &str, scheme_name: &str) -> Version {
    scheme(scheme_name).read(text).unwrap()
}

/// Asserts that the versions rise strictly.
fn rising(scheme_name: &str, versions: &[&str]) {
    for (at, low) in versions.iter().enumerate() {
        for high in &versions[at + 1..] {
            let order = read(low, scheme_name).compare(&read(high, scheme_name)).unwrap();
            assert_eq!(order, Ordering::Less, "{low} < {high} in {scheme_name}");
            assert_eq!(read(high, scheme_name).compare(&read(low, scheme_name)).unwrap(), Ordering::Greater);
        }
    }
}

fn fault(text: &str, scheme_name: &str) -> (usize, Reason) {
    let error = scheme(scheme_name).read(text).unwrap_err();
    (error.offset, error.reason)
}

#[test]
fn a_debian_release_keeps_the_dash_of_its_upstream_version() {
    // Found by a property test: without a revision, `0-a` would be read as revision `a` of `0`.
    let version = Scheme::debian().read("0-a-~snapshot").unwrap();
    let release = version.final_release().unwrap();
    assert_eq!(release.to_string(), "0-a-0");
    assert!(version.compare(&release).unwrap().is_lt());
}

#[test]
fn real_tags_are_dotted_versions_in_the_order_they_were_made() {
    // git, xen, rails, containerd, imagefactory, ansible, DPDK, systemd, nova.
    rising(
        "dotted",
        &["0.99", "0.99.9", "0.99.9a", "0.99.9n", "1.0rc1", "1.0rc6", "1.0.0", "1.0.0a", "1.7.0.1", "1.7.1"],
    );
    rising("dotted", &["4.5.0-rc1", "4.5.0-rc4", "4.5.0", "4.20-dev", "4.20.0-rc1", "4.20.0"]);
    rising(
        "dotted",
        &["2.0.0_PR", "2.0.0_RC1", "2.0.0_RC2", "2.0.0", "3.0.0.beta", "3.0.0.beta.2", "3.0.0.rc1", "3.0.0"],
    );
    rising("dotted", &["4.0.0.pre", "4.0.0.rc1", "4.0.0"]);
    rising("dotted", &["1.0.0-alpha0", "1.0.0-beta.0", "1.0.0-beta.10", "1.0.0"]);
    rising("dotted", &["0.1.6a1", "1.0.0rc2", "1.0.0rc2.1", "1.0.0rc11", "1.0.0", "1.1.9-3", "1.1.10-1"]);
    rising("dotted", &["2.7.0.a1", "2.7.0.b1", "2.7.0rc1", "2.7.0"]);
    rising("dotted", &["1.2.3", "1.2.3r1", "1.2.3r2", "16.04", "16.07-rc1", "16.07", "16.07.2"]);
    rising("dotted", &["239", "239-13.1", "239-13.10", "253.22", "255-rc1", "255", "255.1"]);
    rising("dotted", &["12.0.0.0b1", "12.0.0.0rc1", "12.0.0", "12.0.1"]);
    rising("dotted", &["1.0.dev1", "1.0a1.dev1", "1.0a1", "1.0a1.post1", "1.0", "1.0.post1.dev1", "1.0.post1"]);
    rising("dotted:letters=pre", &["0.99.9a", "0.99.9b", "0.99.9c", "0.99.9"]);
}

#[test]
fn a_letter_is_what_the_policy_says() {
    rising("dotted:letters=post", &["1.0", "1.0a", "1.0b"]);
    rising("dotted:letters=pre", &["1.0a", "1.0b", "1.0"]);
    rising("pep440", &["1.0a", "1.0b", "1.0"]);
    assert_eq!(fault("1.0d", "dotted:letters=pre"), (3, Reason::Letter));
    // A letter with a number is a pre-release either way, as in ansible's and nova's tags.
    assert!(read("2.7.0.a1", "dotted").is_prerelease());
    assert!(!read("0.99.9a", "dotted").is_prerelease());
}

#[test]
fn what_is_no_dotted_version_says_where() {
    assert_eq!(fault("", "dotted"), (0, Reason::Empty));
    assert_eq!(fault("v1.0", "dotted"), (0, Reason::Unexpected));
    assert_eq!(fault("1.", "dotted"), (2, Reason::Incomplete));
    assert_eq!(fault("1..2", "dotted"), (2, Reason::Unexpected));
    assert_eq!(fault("2.0.5_plus_git", "dotted"), (6, Reason::Marker));
    assert_eq!(fault("7.0.0-doc", "dotted"), (6, Reason::Marker));
    assert_eq!(fault("1.0rc1rc2", "dotted"), (6, Reason::Unexpected));
    assert_eq!(fault("1.18446744073709551616", "dotted"), (2, Reason::TooLarge));
    assert_eq!(fault("1.0rc18446744073709551616", "dotted"), (5, Reason::TooLarge));
    assert_eq!(fault("1.0 ", "dotted"), (3, Reason::Unexpected));
    assert_eq!(fault("1.0\u{202e}", "dotted"), (3, Reason::Unexpected));
    assert_eq!(fault(&"1.".repeat(1000), "dotted"), (MAX_LEN, Reason::TooLong));
    let error = scheme("semver").read("1.2\u{1b}[31m").unwrap_err();
    assert_eq!(error.to_string(), r"`1.2\u{1b}[31m` is not a semver version: unexpected character, at character 4");
}

#[test]
fn what_a_crate_refuses_says_where_too() {
    assert_eq!(fault("1.2", "semver"), (3, Reason::Incomplete));
    assert_eq!(fault("1.2.", "semver"), (4, Reason::Incomplete));
    assert_eq!(fault("v1.2.3", "semver"), (0, Reason::Unexpected));
    assert_eq!(fault("1.02.3", "semver"), (2, Reason::LeadingZero));
    assert_eq!(fault("1.2.3-01", "semver"), (6, Reason::LeadingZero));
    assert_eq!(fault("1.2.3.4", "semver"), (5, Reason::Unexpected));
    assert_eq!(fault("1.2.3-rc_1", "semver"), (8, Reason::Unexpected));
    assert_eq!(fault("1.18446744073709551616.0", "semver"), (2, Reason::TooLarge));
    assert_eq!(fault("1.0.0rc2.1", "pep440"), (9, Reason::Unexpected));
    assert_eq!(fault("1.0-", "pep440"), (4, Reason::Incomplete));
    assert_eq!(fault("1.0.dex", "pep440"), (6, Reason::Unexpected));
    assert_eq!(fault("1.18446744073709551616", "pep440"), (2, Reason::TooLarge));
    assert_eq!(fault("1+18446744073709551616", "pep440"), (2, Reason::TooLarge));
    assert_eq!(fault(" 1.0", "pep440"), (0, Reason::Unexpected));
    // A commit's name may be nothing but digits for a while.
    assert!(scheme("pep440").read("1+g18446744073709551616").is_ok());
}

#[test]
fn semver_orders_as_its_page_says() {
    rising(
        "semver",
        &[
            "1.0.0-alpha",
            "1.0.0-alpha.1",
            "1.0.0-alpha.beta",
            "1.0.0-beta",
            "1.0.0-beta.2",
            "1.0.0-beta.11",
            "1.0.0-rc.1",
            "1.0.0",
        ],
    );
    rising("semver", &["1.0.0-9", "1.0.0-18446744073709551616", "1.0.0-99999999999999999999999999", "1.0.0-a"]);
    assert!(read("1.0.0+a", "semver").same_as(&read("1.0.0+b", "semver")).unwrap());
}

#[test]
fn spellings_of_one_version_are_one() {
    for (scheme_name, left, right) in [
        ("pep440", "1.0", "1.0.0"),
        ("pep440", "v1.0-rc.1", "1.0c1"),
        ("debian", "1.0", "1.0-0"),
        ("debian", "1.0", "0:1.0"),
        ("debian", "1.0~rc", "1.0~rc0"),
        ("debian", "1.01", "1.1"),
        ("dotted", "16.07", "16.7.0"),
        ("dotted", "2.0.0_RC1", "2.0.0-rc.1"),
        ("nvr", "1.0-1", "1_0-01"),
        ("calver:YY.0M[.MICRO]", "24.04", "24.04.0"),
    ] {
        assert!(
            read(left, scheme_name).same_as(&read(right, scheme_name)).unwrap(),
            "{left} = {right} in {scheme_name}"
        );
    }
}

#[test]
fn debian_versions_are_read_in_three_parts() {
    rising(
        "debian",
        &[
            "1.0~~dev1",
            "1.0~~dev2",
            "1.0~alpha",
            "1.0~rc1-1",
            "1.0-1~bpo12+1",
            "1.0-1",
            "1.0a",
            "1.0+b1",
            "1.0.1",
            "1:0.1",
        ],
    );
    rising("debian", &["1.0x99999999999999999999998", "1.0x99999999999999999999999"]);
    let version = read("2:1.15.4-1~deb12u1", "debian");
    assert_eq!((version.epoch(), version.release()), (2, vec![1, 15, 4]));
    assert_eq!(version.component("revision").as_deref(), Some("1~deb12u1"));
    assert!(!version.is_prerelease());
    assert!(read("1.0~rc1-1", "debian").is_prerelease());
    assert_eq!(fault("a1.0", "debian"), (0, Reason::Unexpected));
    assert_eq!(fault("1.0-", "debian"), (4, Reason::Incomplete));
    assert_eq!(fault("1.0:1", "debian"), (1, Reason::Unexpected));
    assert_eq!(fault("1.0_1", "debian"), (3, Reason::Unexpected));
    assert_eq!(fault("2147483648:1", "debian"), (0, Reason::TooLarge));
    assert_eq!(fault("1:", "debian"), (2, Reason::Incomplete));
    assert_eq!(fault("18446744073709551616", "debian"), (0, Reason::TooLarge));
}

#[test]
fn rpm_versions_are_ordered_as_rpmvercmp_does() {
    // The cases of RPM's own test of it, those that fit into a tag.
    rising("nvr", &["1.0", "2.0", "2.0.1", "2.0.1a", "5.5p1", "5.5p2", "5.5p10", "8.0", "8.0.rc1", "10xyz", "10.1xyz"]);
    rising("nvr", &["10a1", "10b2", "10.1", "2025xyz.4", "2025xyz.8", "2025xyz.10"]);
    rising("nvr", &["1.0~rc1~git123", "1.0~rc1", "1.0~rc2", "1.0", "1.0^", "1.0^git1", "1.0^git1^git2", "1.01"]);
    rising("nvr", &["1.0~rc1", "1.0~rc1^git1", "1.0"]);
    rising("nvr", &["1.0^git1~pre", "1.0^git1"]);
    rising(
        "nvr",
        &["imagefactory-1.1.9-3", "imagefactory-1.1.10-1", "imagefactory-1.1.10-1.el6", "imagefactory-1:0.1-1"],
    );
    rising("nvr", &["1.9.0-0.1.rc1", "1.9.0-0.2.rc1", "1.9.0-1"]);
    let version = read("python-imgfac-1.1.16-1", "nvr");
    assert_eq!(version.component("name").as_deref(), Some("python-imgfac"));
    assert_eq!(version.component("release").as_deref(), Some("1"));
    assert_eq!(read("foo-2-1.0-1", "nvr").component("name").as_deref(), Some("foo-2"));
    assert_eq!(read("foo-1.0", "nvr").component("release"), None);
    assert!(read("a-1.0", "nvr").compare(&read("b-1.0", "nvr")).is_err());
    assert!(read("a-1.0", "nvr").same_as(&read("1.0", "nvr")).unwrap());
    assert_eq!(fault("foo", "nvr"), (0, Reason::Unexpected));
    assert_eq!(fault("foo-", "nvr"), (4, Reason::Incomplete));
    assert_eq!(fault("1.0-", "nvr"), (4, Reason::Incomplete));
    assert_eq!(fault("-1.0", "nvr"), (0, Reason::Unexpected));
    assert_eq!(fault("a:b-1.0", "nvr"), (1, Reason::Unexpected));
    assert_eq!(fault("1.0-1:2", "nvr"), (5, Reason::Unexpected));
}

#[test]
fn layouts_are_checked() {
    let message = |layout: &str| scheme_error(&format!("calver:{layout}"));
    assert_eq!(message("YYYY.QQ"), "`quarter` is in the calendar layout twice");
    assert_eq!(message("YYY.MM"), "`Y` is not a part of a calendar layout; did you mean `0Y`?");
    assert_eq!(message("YYYY.MN"), "`MN` is not a part of a calendar layout; did you mean `MM`?");
    assert_eq!(message("MM.YYYY"), message("YYYY.DD"));
    assert_eq!(message("YYYY.MAJOR.MM"), message("YYYY.DD"));
    assert_eq!(message("MAJOR.MM"), message("MM"));
    assert_eq!(message("YYMM"), "`year` varies in width, so a separator must follow it");
    assert_eq!(message("MICRO"), "a calendar layout begins its date with a year");
    for shapeless in ["", ".YYYY", "YYYY.", "YYYY..MM", "YYYY[.MM", "YYYY[]", "YYYY[MM]", "[YYYY]", "YYYY.MM]"] {
        assert!(message(shapeless).starts_with("a calendar layout is tokens"), "{shapeless}");
    }
}

fn scheme_error(text: &str) -> String {
    Scheme::parse(text).unwrap_err().to_string()
}

#[test]
fn calendar_versions_name_a_time() {
    let period = |version: &str, layout: &str| {
        let (start, end) = read(version, &format!("calver:{layout}")).calendar_period().unwrap();
        format!("{start} {end}")
    };
    assert_eq!(period("2025.2", "YYYY.Q"), "2025-04-01 2025-06-30");
    assert_eq!(period("2025", "YYYY"), "2025-01-01 2025-12-31");
    assert_eq!(period("24.04.1", "YY.0M[.MICRO]"), "2024-04-01 2024-04-30");
    assert_eq!(period("2024.2.7", "YYYY.MM.MICRO"), "2024-02-01 2024-02-29");
    assert_eq!(period("20240229", "YYYY0M0D"), "2024-02-29 2024-02-29");
    assert_eq!(period("2020.53", "YYYY.WW"), "2020-12-28 2021-01-03");
    assert_eq!(period("3.2025.4rc1", "MAJOR.YYYY.Q"), "2025-10-01 2025-12-31");
    assert!(read("2025.2", "pep440").calendar_period().is_none());
    assert_eq!(fault("2025.5", "calver:YYYY.Q"), (5, Reason::NoSuchDate));
    assert_eq!(fault("2025.13", "calver:YYYY.MM"), (5, Reason::NoSuchDate));
    assert_eq!(fault("20230229", "calver:YYYY0M0D"), (6, Reason::NoSuchDate));
    assert_eq!(fault("2021.53", "calver:YYYY.WW"), (5, Reason::NoSuchDate));
    assert_eq!(fault("2025.04", "calver:YYYY.MM"), (5, Reason::LeadingZero));
    assert_eq!(fault("24.4", "calver:YY.0M"), (4, Reason::Padding));
    assert_eq!(fault("25.2", "calver:YYYY.Q"), (2, Reason::Padding));
    assert_eq!(fault("2025.2.1", "calver:YYYY.Q"), (7, Reason::Unexpected));
    assert_eq!(fault("2025", "calver:YYYY.Q"), (4, Reason::Incomplete));
    assert_eq!(fault("2025-2", "calver:YYYY.Q"), (4, Reason::Unexpected));
    assert_eq!(fault("2025.23", "calver:YYYY.Q"), (6, Reason::Unexpected));
}

#[test]
fn calendar_versions_rise_with_time() {
    rising("calver:YYYY.Q", &["2024.4", "2025.1.dev3", "2025.1rc1", "2025.1", "2025.2", "2026.1"]);
    rising("calver:YY.0M[.MICRO]", &["6.06", "24.04", "24.04.1", "24.04.10", "24.10", "106.04"]);
}

#[test]
fn components_are_as_written_and_as_the_layout_names_them() {
    let component = |version, scheme_name, name| read(version, scheme_name).component(name);
    assert_eq!(component("1.09.1", "dotted", "minor").as_deref(), Some("09"));
    assert_eq!(component("1.9.1", "semver", "patch").as_deref(), Some("1"));
    assert_eq!(component("1.9", "pep440", "micro"), None);
    assert_eq!(component("24.04.2", "calver:YY.0M[.MICRO]", "month").as_deref(), Some("04"));
    assert_eq!(component("24.04", "calver:YY.0M[.MICRO]", "micro"), None);
    assert_eq!(component("24.04", "calver:YY.0M[.MICRO]", "major"), None);
    assert_eq!(component("1:2.3-4", "debian", "major").as_deref(), Some("2"));
    assert_eq!(component("1.2.3", "semver", "nonsense"), None);
}

#[test]
fn the_next_version_is_what_commits_count_towards() {
    let next = |version: &str, scheme_name: &str| {
        read(version, scheme_name).next().map(|next| next.to_string()).map_err(|e| e.to_string())
    };
    for (scheme_name, version, expected) in [
        ("pep440", "1.2.3", "1.2.4"),
        ("pep440", "1.2.4rc1", "1.2.4rc2"),
        ("pep440", "1.2.3.dev0", "1.2.3"),
        ("pep440", "1!2.0", "1!2.1"),
        ("pep440", "1.2.3+build5", "1.2.4"),
        ("semver", "1.2.3", "1.2.4"),
        ("semver", "1.2.3+build", "1.2.4"),
        ("semver", "1.2.4-rc.1", "1.2.4-rc.2"),
        ("semver", "1.2.4-alpha", "1.2.4-alpha.1"),
        ("semver", "1.2.4-beta2", "1.2.4-beta3"),
        ("semver", "1.2.4-0.dev.0", "1.2.4"),
        ("semver", "1.3.0-dev", "1.3.0"),
        ("dotted", "1.09", "1.10"),
        ("dotted", "16.07", "16.08"),
        ("dotted", "0.99.9a", "0.99.9b"),
        ("dotted", "2.0.0_RC", "2.0.0_RC1"),
        ("dotted", "1.0.0rc2.1", "1.0.0rc2.2"),
        ("dotted", "1.1.9-3", "1.1.9-4"),
        ("dotted", "4.20-dev", "4.20"),
        ("calver:YYYY.Q", "2025.2", "2025.3"),
        ("calver:YYYY.Q", "2025.4", "2026.1"),
        ("calver:YYYY.Q", "2025.4rc1", "2025.4rc2"),
        ("calver:YY.0M[.MICRO]", "24.12", "25.01"),
        ("calver:YY.0M[.MICRO]", "24.12.1", "24.12.2"),
        ("calver:YYYY0M0D", "20240228", "20240229"),
        ("calver:YYYY.WW", "2020.53", "2021.1"),
        ("calver:YYYY.0W", "2019.52", "2020.01"),
        ("calver:YYYY", "2025", "2026"),
        ("debian", "1.15.4", "1.15.5"),
        ("debian", "1.15.4-1", "1.15.4-2"),
        ("debian", "2:1.0~rc1", "2:1.0~rc2"),
        ("debian", "1.0~~dev0", "1.0"),
        ("nvr", "imagefactory-1.1.10-3", "imagefactory-1.1.10-4"),
        ("nvr", "1.1.6", "1.1.7"),
    ] {
        assert_eq!(next(version, scheme_name).as_deref(), Ok(expected), "{version} in {scheme_name}");
    }
    assert!(next("1.3.0.dev3", "pep440").unwrap_err().contains("only `.dev0`"));
    assert!(next("1.2.4-0.dev.5", "semver").unwrap_err().contains("only `.dev0`"));
    assert!(next("1.2.4~~dev5", "debian").unwrap_err().contains("only `.dev0`"));
    assert_eq!(next("1.0.0-rc9", "semver").unwrap_err(), "`1.0.0-rc10` would sort before `1.0.0-rc9`");
    assert!(next("1.18446744073709551615", "pep440").is_err());
    assert!(next("0.99.9z", "dotted").is_err());
    assert!(next("9999.4", "calver:YYYY.Q").is_err());
}

#[test]
fn the_release_of_a_prerelease() {
    for (scheme_name, version, expected) in [
        ("semver", "1.2.3-rc.1+b", "1.2.3"),
        ("pep440", "1!1.2rc1.post2.dev3+l", "1!1.2"),
        ("pep440", "1.2.post2.dev3", "1.2.post2"),
        ("dotted", "2.0.0_RC1", "2.0.0"),
        ("dotted", "1.0.post1.dev2", "1.0.post1"),
        ("dotted", "0.99.9a", "0.99.9a"),
        ("calver:YY.0M", "24.04rc1", "24.04"),
        ("debian", "1:1.0~rc1-1", "1:1.0-1"),
        ("debian", "1.0-1~bpo1", "1.0-1~bpo1"),
        ("nvr", "foo-1.0-0.1.rc1", "foo-1.0-1"),
        ("nvr", "1.0~rc1", "1.0"),
    ] {
        assert_eq!(read(version, scheme_name).final_release().unwrap().to_string(), expected);
    }
}

#[test]
fn a_level_is_raised() {
    let bump = |version: &str, scheme_name: &str, level| read(version, scheme_name).bump(level).unwrap().to_string();
    assert_eq!(bump("1.2.3", "semver", Level::Major), "2.0.0");
    assert_eq!(bump("1.2", "pep440", Level::Patch), "1.2.1");
    assert_eq!(bump("1!1.2.3.post4", "pep440", Level::Minor), "1!1.3.0");
    assert_eq!(bump("1.09.2", "dotted", Level::Patch), "1.09.3");
    assert_eq!(bump("2.0.0_RC1", "dotted", Level::Major), "2.0.0");
    assert!(read("2025.2", "calver:YYYY.Q").bump(Level::Minor).is_err());
}

#[test]
fn development_versions_are_spelled() {
    let spell = |version: &str, scheme_name: &str| {
        let base = read(version, scheme_name);
        [Spelling::Pep440, Spelling::Semver, Spelling::Debian, Spelling::Docker]
            .map(|spelling| spell_dev(&base, 2, spelling, None).unwrap_or_default())
    };
    for (scheme_name, version, expected) in [
        ("pep440", "1.2.3", ["1.2.4.dev2", "1.2.4-0.dev.2", "1.2.4~~dev2", "1.2.4-0.dev.2"]),
        ("semver", "1.2.3", ["1.2.4.dev2", "1.2.4-0.dev.2", "1.2.4~~dev2", "1.2.4-0.dev.2"]),
        ("debian", "1.2.3", ["1.2.4.dev2", "1.2.4-0.dev.2", "1.2.4~~dev2", "1.2.4-0.dev.2"]),
        ("dotted", "1.2", ["1.3.dev2", "1.3.0-0.dev.2", "1.3~~dev2", "1.3.0-0.dev.2"]),
        ("pep440", "1.2.3.4", ["1.2.3.5.dev2", "", "1.2.3.5~~dev2", "1.2.3.5.dev2"]),
        ("pep440", "1.3.0rc1", ["1.3.0rc2.dev2", "1.3.0-rc.1.dev.2", "1.3.0~rc2~dev2", "1.3.0-rc.1.dev.2"]),
        ("semver", "1.3.0-rc.1", ["1.3.0rc2.dev2", "1.3.0-rc.1.dev.2", "1.3.0~rc2~dev2", "1.3.0-rc.1.dev.2"]),
        ("semver", "1.3.0-RC1", ["", "1.3.0-RC1.dev.2", "", "1.3.0-RC1.dev.2"]),
        ("semver", "1.3.0-alpha", ["1.3.0a1.dev2", "1.3.0-alpha.0.dev.2", "1.3.0~a1~dev2", "1.3.0-alpha.0.dev.2"]),
        ("semver", "1.3.0-x.y", ["", "1.3.0-x.y.0.dev.2", "", "1.3.0-x.y.0.dev.2"]),
        ("semver", "1.3.0-dev", ["", "1.3.0-dev.2", "", "1.3.0-dev.2"]),
        ("semver", "1.3.0-0.dev.0", ["1.3.0.dev2", "1.3.0-0.dev.2", "1.3.0~~dev2", "1.3.0-0.dev.2"]),
        ("pep440", "1.2.3.post1", ["1.2.3.post2.dev2", "", "1.2.3+post2~dev2", "1.2.3.post2.dev2"]),
        ("pep440", "1!2.0.0", ["1!2.0.1.dev2", "", "1:2.0.1~~dev2", "1-2.0.1.dev2"]),
        (
            "pep440",
            "1.2.3+build5",
            ["1.2.4.dev2+build5", "1.2.4-0.dev.2+build5", "1.2.4~~dev2+0build5", "1.2.4-0.dev.2-build5"],
        ),
        ("calver:YYYY.Q", "2025.4", ["2026.1.dev2", "2026.1.0-0.dev.2", "2026.1~~dev2", "2026.1.0-0.dev.2"]),
        ("dotted", "0.99.9a", ["0.99.9.post2.dev2", "", "0.99.9+post2~dev2", "0.99.9.post2.dev2"]),
        ("dotted", "16.07.2", ["16.7.3.dev2", "16.7.3-0.dev.2", "16.7.3~~dev2", "16.7.3-0.dev.2"]),
        ("debian", "1.2.3-1", ["", "", "1.2.3-2~~dev2", "1.2.3-2--dev2"]),
        ("nvr", "imagefactory-1.1.9-3", ["1.1.9.post4.dev2", "", "1.1.9+post4~dev2", "1.1.9.post4.dev2"]),
        ("pep440", "1.3.0.dev3", ["", "", "", ""]),
    ] {
        assert_eq!(spell(version, scheme_name), expected, "{version} in {scheme_name}");
    }
}

#[test]
fn a_local_version_says_where_a_build_is_from() {
    let commit = crate::model::ObjectId::from_hex(&[b'a'; 40]).unwrap();
    let local = |dirty| Some(Local { commit, dirty });
    let base = read("1.2.3", "semver");
    assert_eq!(spell_dev(&base, 5, Spelling::Pep440, local(false)).unwrap(), "1.2.4.dev5+gaaaaaaaaaa");
    assert_eq!(spell_dev(&base, 5, Spelling::Semver, local(true)).unwrap(), "1.2.4-0.dev.5+gaaaaaaaaaa.dirty");
    assert_eq!(spell_dev(&base, 5, Spelling::Debian, local(true)).unwrap(), "1.2.4~~dev5+0gaaaaaaaaaa.dirty");
    assert_eq!(spell_dev(&base, 5, Spelling::Docker, local(true)).unwrap(), "1.2.4-0.dev.5-gaaaaaaaaaa.dirty");
    // The same spellings from a tag in Debian's own scheme.
    assert_eq!(
        spell_dev(&read("1.2.3", "debian"), 5, Spelling::Debian, local(true)).unwrap(),
        "1.2.4~~dev5+0gaaaaaaaaaa.dirty"
    );
}

#[test]
fn releases_are_spelled() {
    let spell = |version: &str, scheme_name: &str, spelling| {
        spell_release(&read(version, scheme_name), spelling).map_err(|e| e.to_string())
    };
    assert_eq!(spell("1.3.0-rc.1", "semver", Spelling::Pep440).as_deref(), Ok("1.3.0rc1"));
    assert_eq!(spell("v1.3.0-RC.1", "pep440", Spelling::Pep440).as_deref(), Ok("1.3.0rc1"));
    assert_eq!(spell("1.3.0rc1", "pep440", Spelling::Semver).as_deref(), Ok("1.3.0-rc.1"));
    assert_eq!(spell("1.3.0rc2.dev3", "pep440", Spelling::Semver).as_deref(), Ok("1.3.0-rc.1.dev.3"));
    assert_eq!(spell("1.3.0-rc.1.dev.3", "semver", Spelling::Pep440).as_deref(), Ok("1.3.0rc2.dev3"));
    assert_eq!(spell("1.0~rc1", "debian", Spelling::Pep440).as_deref(), Ok("1.0rc1"));
    assert_eq!(spell("1.0+post1", "debian", Spelling::Pep440).as_deref(), Ok("1.0.post1"));
    // dpkg sorts this after 1.0, which means that it is not a pre-release.
    assert!(spell("1.0rc1", "debian", Spelling::Pep440).is_err());
    assert!(spell("1.0rc1", "nvr", Spelling::Pep440).is_err());
    assert_eq!(spell("2.0.0.0", "dotted", Spelling::Semver).as_deref(), Ok("2.0.0"));
    assert_eq!(spell("1.2.3+a.b-c", "semver", Spelling::Docker).as_deref(), Ok("1.2.3-a.b-c"));
    assert_eq!(
        spell("1.0.0-x.7", "semver", Spelling::Pep440).unwrap_err(),
        "`1.0.0-x.7` has no pep440 spelling: its pre-release is more than `alpha`, `beta`, `pre` or `rc` and a number behind a dot"
    );
    assert!(
        spell(&format!("1.0.0-{}", "x".repeat(128)), "semver", Spelling::Docker)
            .unwrap_err()
            .ends_with("128 characters")
    );
}

#[test]
fn mixed_schemes_have_no_order() {
    let (left, right) = (read("1.0.0", "semver"), read("1.0.0", "pep440"));
    assert_eq!(left.compare(&right).unwrap_err().to_string(), "`1.0.0` (semver) and `1.0.0` (pep440) have no order");
    let by_version = |left: &Version, right: &Version| left.compare(right);
    assert!(sort_by(&mut [left.clone(), right], by_version).is_err());
    let mut versions: Vec<Version> = ["1.10.0", "1.9.0", "1.9.0-rc.1"].map(|text| read(text, "semver")).into();
    sort_by(&mut versions, by_version).unwrap();
    assert_eq!(versions.iter().map(Version::as_str).collect::<Vec<_>>(), ["1.9.0-rc.1", "1.9.0", "1.10.0"]);
    let mut packages: Vec<Version> = ["b-1", "a-1", "a-2"].map(|text| read(text, "nvr")).into();
    assert!(sort_by(&mut packages, by_version).is_err());
}
