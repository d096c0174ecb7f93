"""Validates the reports of a folder by their schemas.

usage: reports.py FOLDER JUNIT-SCHEMA SARIF-SCHEMA
Where there is no file of the SARIF schema, SARIF is left out.
"""
import json
import pathlib
import sys

import jsonschema
import junitparser
import xmlschema

# https://docs.gitlab.com/ci/testing/code_quality/#code-quality-report-format
SEVERITIES = {"info", "minor", "major", "critical", "blocker"}


def check_junit(schema, path):
    schema.validate(str(path))
    parsed = junitparser.JUnitXml.fromfile(str(path))
    suites = list(parsed)
    assert suites, f"{path}: without a suite"
    cases = [case for suite in suites for case in suite]
    assert parsed.tests == len(cases), f"{path}: {parsed.tests} tests stated, {len(cases)} found"
    ended = [type(result) for case in cases for result in case.result]
    assert ended.count(junitparser.Failure) == parsed.failures, path
    assert ended.count(junitparser.Error) == parsed.errors, path
    return len(cases)


def check_gitlab(path):
    issues = json.loads(path.read_text(encoding="utf-8"))
    assert isinstance(issues, list), path
    for issue in issues:
        for key in ("description", "check_name", "fingerprint", "severity"):
            assert isinstance(issue[key], str) and issue[key], f"{path}: {key} of {issue}"
        assert issue["severity"] in SEVERITIES, f"{path}: {issue}"
        place = issue["location"]["path"]
        assert place and not place.startswith(("./", "/")), f"{path}: a path is relative, without ./: {place}"
        assert isinstance(issue["location"]["lines"]["begin"], int), f"{path}: {issue}"
    prints = [issue["fingerprint"] for issue in issues]
    assert len(prints) == len(set(prints)), f"{path}: a fingerprint twice"
    return len(issues)


def check_sarif(schema, path):
    log = json.loads(path.read_text(encoding="utf-8"))
    kind = jsonschema.validators.validator_for(schema)
    wrong = [f"{error.json_path}: {error.message}" for error in kind(schema, format_checker=kind.FORMAT_CHECKER).iter_errors(log)]
    assert not wrong, f"{path}: {wrong[:10]}"
    (run,) = log["runs"]
    rules = run["tool"]["driver"]["rules"]
    for result in run["results"]:
        assert rules[result["ruleIndex"]]["id"] == result["ruleId"], f"{path}: {result}"
    return len(run["results"])


def main():
    folder, schema, sarif = pathlib.Path(sys.argv[1]), xmlschema.XMLSchema(sys.argv[2]), pathlib.Path(sys.argv[3])
    if sarif.exists():
        for path in sorted(folder.glob("*.sarif")):
            print(f"{path.name}: {check_sarif(json.loads(sarif.read_text()), path)} results, valid")
    for path in sorted(folder.glob("*.junit.xml")):
        print(f"{path.name}: {check_junit(schema, path)} cases, valid")
    for path in sorted(folder.glob("*.gitlab.json")):
        print(f"{path.name}: {check_gitlab(path)} issues, valid")


main()
