//! Bodies as Confluence stores them.

use connector_richtext::storage_to_markdown as markdown;

#[test]
fn a_page() {
    let body = r#"<h1>On&nbsp;call</h1>
<p>Who   is <strong>next</strong>?<br />Ask <ac:link><ri:user ri:account-id="712020:ab" /></ac:link>.</p>
<ul>
  <li><p>Read the <ac:link><ri:page ri:content-title="Runbook (2026)" ri:space-key="OPS" /><ac:link-body>run<em>book</em></ac:link-body></ac:link></p></li>
  <li>Call<ol><li>first</li><li>second</li></ol></li>
</ul>
<hr/>
<blockquote><p>Stay calm.</p><p>&mdash; Everybody</p></blockquote>
<p><a href="https://example.com/?a=1&amp;b=2">Dash&shy;board</a> &lt;b&gt; <code>rm -rf *</code> 5 &gt; 4 &amp;&amp; H<sub>2</sub>O</p>
<pre>as
  it is</pre>"#;
    let expected = "# On call\n\nWho is **next**?\\\nAsk @712020:ab.\n\n\
        - Read the [run*book*](page:OPS/Runbook%20%282026%29)\n- Call\n  1. first\n  2. second\n\n***\n\n\
        > Stay calm.\n>\n> — Everybody\n\n\
        [Dash\u{ad}board](https://example.com/?a=1&b=2) \\<b> `rm -rf *` 5 > 4 && H<sub>2</sub>O\n\n\
        ```\nas\n  it is\n```";
    assert_eq!(markdown(body), expected);
}

#[test]
fn links_name_what_they_lead_to() {
    for (body, expected) in [
        (r#"<ac:link><ri:page ri:content-title="A &amp; B" /></ac:link>"#, "[A & B](page:A%20&%20B)"),
        (r#"<ac:link ac:anchor="end"><ri:page ri:content-title="T" /></ac:link>"#, "[T](page:T#end)"),
        (
            r#"<ac:link ac:anchor="end"><ac:plain-text-link-body><![CDATA[down <here>]]></ac:plain-text-link-body></ac:link>"#,
            r"[down \<here>](#end)",
        ),
        (
            r#"<ac:link><ri:attachment ri:filename="a b.pdf"><ri:page ri:content-title="Else"/></ri:attachment></ac:link>"#,
            "[a b.pdf](attachment:a%20b.pdf)",
        ),
        (r#"<ac:link><ri:space ri:space-key="OPS" /></ac:link>"#, "[OPS](space:OPS)"),
        (
            r#"<ac:link><ri:blog-post ri:content-title="New" ri:posting-day="2026/01/02" /></ac:link>"#,
            "[New](blogpost:New)",
        ),
        (r#"<ac:link><ri:user ri:userkey="8a7f" /></ac:link>"#, "@8a7f"),
        ("<ac:link><ac:link-body>nowhere</ac:link-body></ac:link>", "nowhere"),
        (r#"<a href="javascript:alert(1)">click</a>"#, "click"),
        (r#"<a href="https://example.com">https://example.com</a>"#, "<https://example.com>"),
    ] {
        assert_eq!(markdown(body), expected);
    }
}

#[test]
fn images_and_emoji() {
    let body = r#"<p><ac:image ac:alt="the plan" ac:width="300"><ri:attachment ri:filename="plan.png" /></ac:image>
        <ac:image><ri:url ri:value="https://example.com/x.png" /></ac:image>
        <ac:emoticon ac:name="smile" /> <ac:emoticon ac:name="blue-star" ac:emoji-shortname=":rocket:" ac:emoji-fallback="🚀" />
        <time datetime="2026-02-03" /></p><img src="y.gif" alt="why" />
        <ac:image><ri:attachment ri:filename="z.png" /><ac:caption><p>All of it</p></ac:caption></ac:image>"#;
    let expected = "![the plan](attachment:plan.png) ![https://example.com/x.png](https://example.com/x.png) :smile: 🚀 \
        2026-02-03\n\n![why](y.gif) ![z.png](attachment:z.png)\n\nAll of it";
    assert_eq!(markdown(body), expected);
}

#[test]
fn tasks() {
    let body = r#"<ac:task-list>
<ac:task><ac:task-id>1</ac:task-id><ac:task-uuid>6b1c</ac:task-uuid><ac:task-status>complete</ac:task-status>
<ac:task-body><span class="placeholder-inline-tasks">Write</span></ac:task-body></ac:task>
<ac:task><ac:task-id>2</ac:task-id><ac:task-status>incomplete</ac:task-status><ac:task-body>Ship</ac:task-body></ac:task>
</ac:task-list>"#;
    assert_eq!(markdown(body), "- [x] Write\n- [ ] Ship");
}

#[test]
fn tables() {
    let body = r#"<table data-layout="default"><colgroup><col style="width: 340px;" /><col /></colgroup><tbody>
<tr><th><p>Key</p></th><th colspan="2"><p>Value</p></th></tr>
<tr><td rowspan="2"><p>a|b</p></td><td><p>x</p><p>y</p></td><td><ul><li>1</li><li>2</li></ul></td></tr>
<tr><td><p /></td><td><ac:structured-macro ac:name="status"><ac:parameter ac:name="title">OK</ac:parameter></ac:structured-macro></td></tr>
</tbody></table>"#;
    let expected =
        "| Key | Value |  |\n| --- | --- | --- |\n| a\\|b | x<br>y | • 1<br>• 2 |\n|  |  | **OK** |";
    assert_eq!(markdown(body), expected);
}

#[test]
fn what_is_broken_is_read_as_far_as_it_goes() {
    for (body, expected) in [
        ("<p>a <b>b</p><p>c &bogus; d", "a **b**\n\nc \\&bogus; d"),
        ("<ul><li>a<li>b<ul><li>c</ul>", "- a\n- b\n  - c"),
        ("<ul><li>a</li><ul><li>b</li></ul></ul>", "- a\n  - b"),
        ("<tr><td>a<td>b<tr><td>c", "|  |  |\n| --- | --- |\n| a | b |\n| c |"),
        ("</p></div>x</x>", "x"),
        ("5 < 6 and 7 <", "5 < 6 and 7 \\<"),
        ("cut in a <stro", "cut in a \\<stro"),
        ("<ac:task-id>no end <p>but text</p>", "no end\n\nbut text"),
        ("<unknown:thing a='b'>kept</unknown:thing>", "kept"),
    ] {
        assert_eq!(markdown(body), expected);
    }
}
