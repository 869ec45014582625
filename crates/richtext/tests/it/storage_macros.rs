//! Macros in Confluence's storage format.

use connector_richtext::{storage_to_markdown as markdown, storage_to_text};

#[test]
fn code() {
    let body = r#"<p>Run</p><ac:structured-macro ac:name="code" ac:schema-version="1" ac:macro-id="0c4">
<ac:parameter ac:name="language">bash</ac:parameter><ac:parameter ac:name="title">install.sh</ac:parameter>
<ac:parameter ac:name="linenumbers">true</ac:parameter>
<ac:plain-text-body><![CDATA[if [ "$1" < 2 ]; then
	echo "a & b" ]]]]><![CDATA[>
fi
```]]></ac:plain-text-body></ac:structured-macro><p>now</p>"#;
    let expected = "Run\n\n**install.sh**\n\n````bash\nif [ \"$1\" < 2 ]; then\n\techo \"a & b\" ]]>\nfi\n```\n````\n\nnow";
    assert_eq!(markdown(body), expected);
    assert!(storage_to_text(body).starts_with("Run\ninstall.sh\nif [ \"$1\" < 2 ]; then\n\techo"));
}

#[test]
fn panels_and_expands() {
    let body = r#"<ac:structured-macro ac:name="warning"><ac:parameter ac:name="title">Take care</ac:parameter>
<ac:rich-text-body><p>It <em>bites</em>.</p><ul><li>hard</li></ul></ac:rich-text-body></ac:structured-macro>
<ac:structured-macro ac:name="panel"><ac:parameter ac:name="bgColor">#fff</ac:parameter><ac:rich-text-body><p>plain</p></ac:rich-text-body></ac:structured-macro>
<ac:structured-macro ac:name="expand"><ac:parameter ac:name="title">Details</ac:parameter><ac:rich-text-body>
  <ac:structured-macro ac:name="info"><ac:rich-text-body><p>inner</p></ac:rich-text-body></ac:structured-macro>
</ac:rich-text-body></ac:structured-macro>"#;
    let expected = "> **Warning: Take care**\n>\n> It _bites_.\n>\n> - hard\n\n> plain\n\n**Details**\n\n> **Info**\n>\n> inner";
    assert_eq!(markdown(body), expected);
}

#[test]
fn macros_without_body() {
    let body = r#"<ac:structured-macro ac:name="toc"><ac:parameter ac:name="maxLevel">3</ac:parameter></ac:structured-macro>
<p><ac:structured-macro ac:name="jira"><ac:parameter ac:name="server">System Jira</ac:parameter><ac:parameter ac:name="serverId">b36e</ac:parameter><ac:parameter ac:name="key">ABC-12</ac:parameter></ac:structured-macro> is
<ac:structured-macro ac:name="status"><ac:parameter ac:name="colour">Green</ac:parameter><ac:parameter ac:name="title">done</ac:parameter></ac:structured-macro>.</p>
<ac:structured-macro ac:name="view-file"><ac:parameter ac:name="name"><ri:attachment ri:filename="plan.pdf" /></ac:parameter><ac:parameter ac:name="height">250</ac:parameter></ac:structured-macro>
<ac:structured-macro ac:name="include"><ac:parameter ac:name=""><ac:link><ri:page ri:content-title="Header" /></ac:link></ac:parameter></ac:structured-macro>
<ac:structured-macro ac:name="roadmap"><ac:parameter ac:name="lane">Q1 *goals*</ac:parameter></ac:structured-macro>"#;
    let expected =
        "ABC-12 is **done**.\n\nview-file: plan.pdf\n\ninclude: Header\n\nroadmap: lane=Q1 \\*goals\\*";
    assert_eq!(markdown(body), expected);
}

#[test]
fn layouts_and_properties() {
    let body = r#"<ac:layout><ac:layout-section ac:type="two_equal"><ac:layout-cell><p>left</p></ac:layout-cell><ac:layout-cell><p>right
<ac:inline-comment-marker ac:ref="7d">noted</ac:inline-comment-marker></p></ac:layout-cell></ac:layout-section></ac:layout>
<ac:structured-macro ac:name="details"><ac:parameter ac:name="hidden">false</ac:parameter><ac:rich-text-body><table><tr><th>Owner</th><td>Ada</td></tr></table></ac:rich-text-body></ac:structured-macro>"#;
    assert_eq!(markdown(body), "left\n\nright noted\n\n|  |  |\n| --- | --- |\n| **Owner** | Ada |");
}

#[test]
fn extensions_show_once_what_they_hold_twice() {
    let body = r#"<ac:adf-extension><ac:adf-node type="panel"><ac:adf-attribute key="panel-type">note</ac:adf-attribute>
<ac:adf-content><p>Mind this.</p></ac:adf-content></ac:adf-node>
<ac:adf-fallback><div class="panel"><p>Mind this.</p></div></ac:adf-fallback></ac:adf-extension>
<ac:adf-extension><ac:adf-node type="decision-list"><ac:adf-attribute key="local-id">1-a</ac:adf-attribute>
<ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute><ac:adf-content>Go</ac:adf-content></ac:adf-node>
<ac:adf-node type="decision-item"><ac:adf-attribute key="state">DECIDED</ac:adf-attribute><ac:adf-content>On</ac:adf-content></ac:adf-node>
</ac:adf-node><ac:adf-fallback><ul><li>Go</li><li>On</li></ul></ac:adf-fallback></ac:adf-extension>
<ac:adf-extension><ac:adf-node type="later"/><ac:adf-fallback><p>instead</p></ac:adf-fallback></ac:adf-extension>"#;
    let expected = "> **Note**\n>\n> Mind this.\n\n- **Decision:** Go\n- **Decision:** On\n\ninstead";
    assert_eq!(markdown(body), expected);
}

#[test]
fn a_macro_that_is_cut_keeps_its_text() {
    let body = r#"<ac:structured-macro ac:name="info"><ac:parameter ac:name="width">300<p>text"#;
    assert_eq!(markdown(body), "> **Info**\n>\n> 300\n>\n> text");
}
