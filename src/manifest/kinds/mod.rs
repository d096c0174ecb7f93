//! The kinds of manifests, one file each. A new one is a file that implements [`Format`](super::format::Format), and a
//! line in each of the two lists below.

use super::format::Entry;

mod cargo_lock;
mod cargo_toml;
mod chart_yaml;
mod cmake;
mod configure_ac;
mod debian_changelog;
mod gemspec;
mod gradle;
mod gradle_properties;
mod make_variables;
mod meson;
mod msbuild;
mod package_json;
mod package_lock;
mod pom;
mod pyproject;
mod python_module;
mod rpm_spec;
mod setup_cfg;
mod setup_py;
mod version_file;
mod version_rb;

/// Every kind, in the order in which the reference page has them.
pub(super) static KINDS: [Entry; 22] = [
    Entry::of::<cargo_toml::CargoToml>(),
    Entry::of::<cargo_lock::CargoLock>(),
    Entry::of::<pyproject::Pyproject>(),
    Entry::of::<setup_cfg::SetupCfg>(),
    Entry::of::<setup_py::SetupPy>(),
    Entry::of::<python_module::PythonModule>(),
    Entry::of::<package_json::PackageJson>(),
    Entry::of::<package_lock::PackageLock>(),
    Entry::of::<pom::Pom>(),
    Entry::of::<gradle::Gradle>(),
    Entry::of::<gradle_properties::GradleProperties>(),
    Entry::of::<gemspec::Gemspec>(),
    Entry::of::<version_rb::VersionRb>(),
    Entry::of::<msbuild::MsBuild>(),
    Entry::of::<cmake::CMake>(),
    Entry::of::<meson::Meson>(),
    Entry::of::<configure_ac::ConfigureAc>(),
    Entry::of::<debian_changelog::DebianChangelog>(),
    Entry::of::<chart_yaml::ChartYaml>(),
    Entry::of::<rpm_spec::RpmSpec>(),
    Entry::of::<version_file::VersionFile>(),
    Entry::of::<make_variables::MakeVariables>(),
];
