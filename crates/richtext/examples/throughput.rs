//! How fast documents of 32 KB are rendered, on one core:
//! `cargo run --release -p connector-richtext --example throughput`.

#![expect(clippy::print_stdout, reason = "the figures are the output")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use connector_richtext::{adf_to_markdown, adf_to_text, storage_to_markdown, storage_to_text};
use serde_json::{Value, json};

const SIZE: usize = 32 * 1024;

fn main() {
    let body = storage_body();
    let document = adf_document();
    let json = document.to_string();
    measure("storage to Markdown", body.len(), || storage_to_markdown(&body));
    measure("storage to text", body.len(), || storage_to_text(&body));
    measure("ADF to Markdown", json.len(), || adf_to_markdown(&document));
    measure("ADF to text", json.len(), || adf_to_text(&document));
    let as_string = Value::String(json.clone());
    measure("ADF as a string to Markdown", json.len(), || adf_to_markdown(&as_string));
}

fn measure(what: &str, bytes: usize, render: impl Fn() -> String) {
    let mut best = Duration::MAX;
    for _ in 0..300 {
        let begin = Instant::now();
        black_box(render());
        best = best.min(begin.elapsed());
    }
    // Bytes per microsecond are megabytes per second.
    let rate = bytes as u128 / best.as_micros().max(1);
    println!("{what}: {} KB in {} µs, {rate} MB/s", bytes / 1024, best.as_micros());
}

fn storage_body() -> String {
    let section = r#"<h2>Deployment</h2><p>The <strong>release</strong> goes out on <em>Tuesday</em>, see
        <ac:link><ri:page ri:content-title="Runbook" ri:space-key="OPS" /></ac:link> &amp; ask
        <a href="https://example.com/a?b=1&amp;c=2">the team</a> (it_is_safe*).</p>
        <ul><li><p>Check the queue, then wait for all workers to be idle.</p></li><li><p>Stop</p></li></ul>
        <ac:structured-macro ac:name="info"><ac:rich-text-body><p>Nobody is paged.</p></ac:rich-text-body></ac:structured-macro>
        <ac:structured-macro ac:name="code"><ac:parameter ac:name="language">bash</ac:parameter>
        <ac:plain-text-body><![CDATA[for host in $HOSTS; do ssh "$host" restart; done]]></ac:plain-text-body></ac:structured-macro>
        <table><tbody><tr><th><p>Host</p></th><th><p>Role</p></th></tr><tr><td><p>one</p></td><td><p>web | jobs</p></td></tr></tbody></table>"#;
    section.repeat(SIZE / section.len())
}

fn adf_document() -> Value {
    let text = |text: &str| json!({"type": "text", "text": text});
    let paragraph = |content: Value| json!({"type": "paragraph", "content": content});
    let section = [
        json!({"type": "heading", "attrs": {"level": 2}, "content": [text("Deployment")]}),
        paragraph(json!([
            text("The "), {"type": "text", "text": "release", "marks": [{"type": "strong"}]},
            text(" goes out on Tuesday (it_is_safe*), ask "), {"type": "mention", "attrs": {"id": "5b", "text": "@Ada"}},
            text(" when the queue is not empty after a quarter of an hour, and stop there."),
        ])),
        json!({"type": "bulletList", "content": [
            {"type": "listItem", "content": [paragraph(json!([text("Check the queue, then wait for all workers.")]))]},
            {"type": "listItem", "content": [paragraph(json!([text("Stop")]))]},
        ]}),
        json!({"type": "codeBlock", "attrs": {"language": "bash"}, "content": [text("ssh \"$host\" restart")]}),
        json!({"type": "table", "content": [{"type": "tableRow", "content": [
            {"type": "tableHeader", "attrs": {}, "content": [paragraph(json!([text("Host")]))]},
            {"type": "tableCell", "attrs": {}, "content": [paragraph(json!([text("web | jobs")]))]},
        ]}]}),
    ];
    let times = SIZE / json!(section).to_string().len();
    json!({"type": "doc", "version": 1, "content": section.iter().cycle().take(times * section.len()).collect::<Vec<_>>()})
}
