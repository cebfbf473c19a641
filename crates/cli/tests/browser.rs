//! The reports in a real browser: charts are drawn, tables sort and filter, links lead to what they name,
//! a phone need not scroll sideways, dark mode is dark, nothing is fetched and nothing complains.
//!
//! Needs Chromium, by the name `chromium` or as `CHROMIUM` says, so that it only runs when asked for:
//! `cargo test --release -p amct-cli --test browser -- --ignored`

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::path::{Path, PathBuf};
use std::process::{Command, Output};

use serde_json::Value;
use tempfile::TempDir;

/// Before everything else on the page: what goes wrong.
const WATCH: &str =
    "<script>window.wrong = []; addEventListener('error', e => wrong.push(String(e.message)));</script>";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn amct(directory: &TempDir, args: &[&str]) -> Output {
    let model = root().join("model/mobilenetv2_tf.pb");
    let args = args.iter().map(|arg| if *arg == "MODEL" { model.to_str().unwrap() } else { arg });
    let output =
        Command::new(env!("CARGO_BIN_EXE_amct")).args(args).current_dir(directory.path()).output().unwrap();
    assert!(output.status.code().is_some_and(|code| code < 2), "{output:?}");
    output
}

/// What the probe finds on a page.
fn probed(directory: &TempDir, report: &str, flags: &[&str]) -> Value {
    let html = std::fs::read_to_string(directory.path().join(report)).unwrap();
    let probe = concat!("<script>", include_str!("browser/probe.js"), "</script></body>");
    let page = html.replacen("<head>", &format!("<head>{WATCH}"), 1).replacen("</body>", probe, 1);
    assert_ne!(page, html);
    let file = directory.path().join("probed.html");
    std::fs::write(&file, page).unwrap();
    let chromium = std::env::var_os("CHROMIUM").unwrap_or_else(|| "chromium".into());
    let profile = tempfile::tempdir().unwrap();
    let output = Command::new(chromium)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-sync"])
        .args(["--disable-background-networking", "--disable-component-update", "--enable-logging=stderr"])
        .args(["--window-size=1280,900", "--virtual-time-budget=5000", "--dump-dom"])
        .arg(format!("--user-data-dir={}", profile.path().display()))
        .args(flags)
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("Chromium must be installed");
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    let said: Vec<&str> = log.lines().filter(|line| line.contains("CONSOLE")).collect();
    assert!(said.is_empty(), "{report}: {said:?}");
    let found = dom.split("<pre id=\"probe\">").nth(1).and_then(|rest| rest.split("</pre>").next());
    let found = found.unwrap_or_else(|| panic!("{report}: the probe did not finish: {log}"));
    serde_json::from_str(&found.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")).unwrap()
}

#[test]
#[ignore = "needs Chromium"]
fn reports_work_in_a_browser() {
    let directory = tempfile::tempdir().unwrap();
    std::fs::create_dir(directory.path().join("images")).unwrap();
    for name in ["farm_cat.jpg", "photo_bridge.jpg"] {
        let image = root().join("data/calibration").join(name);
        std::fs::copy(image, directory.path().join("images").join(name)).unwrap();
    }
    let images = ["--calibration", "images"];
    let job = ["quantize", "--model", "MODEL", "--save-path", "out/m", "--test-image", "images/farm_cat.jpg"];
    amct(&directory, &[&job[..], &images, &["--report", "quantize.html"]].concat());
    let pair = ["compare", "MODEL", "out/m_quantized.pb", "--input", "images", "--report", "compare.html"];
    amct(&directory, &pair);
    let ranked = ["sensitivity", "--model", "MODEL", "--report", "sensitivity.html"];
    amct(&directory, &[&ranked[..], &images].concat());

    for report in ["quantize.html", "compare.html", "sensitivity.html"] {
        for (flags, is_dark) in [(&[][..], false), (&["--blink-settings=preferredColorScheme=0"][..], true)] {
            let found = probed(&directory, report, flags);
            assert_eq!(found["wrong"].as_array().unwrap().len(), 0, "{report}: {found}");
            assert_eq!(found["fetched"], 0, "{report}: {found}");
            assert_eq!(found["charts"], 1 + 54 * 4 - 1, "{report}: an AvgPool has no weights: {found}");
            assert_eq!(found["empty"].as_array().unwrap().len(), 0, "{report}: {found}");
            assert_eq!(found["wordless"], 0, "{report}: {found}");
            assert_eq!(
                found["sorted"],
                serde_json::json!(["ascending", true, "descending", true]),
                "{report}"
            );
            assert_eq!(found["filtered"], serde_json::json!([3, "3 of 54", 54]), "{report}: {found}");
            assert_eq!(found["opened"], true, "{report}: {found}");
            assert!(found["wide"].as_array().unwrap().is_empty(), "{report}: {found}");
            assert_eq!(found["dark"], is_dark, "{report}: {found}");
            assert!(found["contrast"].as_f64().unwrap() > 7.0, "{report}: {found}");
        }
    }
}
