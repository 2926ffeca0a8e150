/** Texts of the kinds that people send, by kind. */
export const SAMPLES: Readonly<Record<string, string>> = {
  English:
    "The committee met on Thursday afternoon to discuss what should happen with the old railway station. Several " +
    "neighbours had written letters; most of them wanted the building kept, though nobody could say who would pay for " +
    "the roof. “It leaks,” the mayor said, “and it has leaked since 1987.” They agreed to ask an architect.",
  German:
    "Die Geschwindigkeitsbegrenzung auf der Bundesstraße wurde aufgehoben, obwohl die Straßenverkehrsbehörde größere " +
    "Bedenken geäußert hatte. Über die Rückerstattung der Gebühren entscheidet das Verwaltungsgericht frühestens im " +
    "nächsten Frühjahr; außergewöhnliche Härtefälle können jedoch vorher geprüft werden.",
  French:
    "L’été dernier, nous avons traversé la forêt à pied, où les chênes étaient déjà jaunis. Qu’est-ce qui s’est passé ? " +
    "Personne ne l’a su ; même les garde-forestiers, d’habitude si bavards, haussaient les épaules.",
  Polish:
    "Zażółć gęślą jaźń. W Szczebrzeszynie chrząszcz brzmi w trzcinie, a przedsiębiorstwa z całego województwa składają " +
    "wnioski o dofinansowanie najpóźniej do trzydziestego września.",
  Turkish:
    "Çekoslovakyalılaştıramadıklarımızdan mısınız? Görüşmeler önümüzdeki haftaya ertelendi; yağmur hâlâ sürüyor.",
  Vietnamese: "Tôi muốn hỏi về chuyến tàu đi Đà Nẵng ngày mai. Nếu trời mưa thì chúng ta sẽ ở nhà và nấu phở.",
  Russian:
    "Достопримечательности города открыты для посетителей ежедневно, кроме понедельника. Пожалуйста, предъявляйте " +
    "билеты при входе; фотографировать со вспышкой воспрещается.",
  Greek: "Η συνεδρίαση αναβλήθηκε λόγω της απεργίας. Οι υπόλοιποι επιβάτες περίμεναν υπομονετικά στην αποβάθρα.",
  Hebrew: "הישיבה נדחתה לשבוע הבא בגלל השביתה. שאר הנוסעים חיכו בסבלנות על הרציף עד שהגיעה הרכבת האחרונה.",
  Arabic:
    "اجتمعت اللجنة بعد ظهر يوم الخميس لمناقشة مصير محطة القطار القديمة. كتب العديد من الجيران رسائل، وأراد معظمهم " +
    "الحفاظ على المبنى، لكن لم يستطع أحد أن يقول من سيدفع ثمن السقف.",
  Hindi: "समिति की बैठक गुरुवार दोपहर को हुई, जिसमें पुराने रेलवे स्टेशन के भविष्य पर चर्चा की गई। कई पड़ोसियों ने पत्र लिखे थे; " +
    "अधिकांश लोग चाहते थे कि इमारत बची रहे, पर छत का ख़र्च कौन उठाएगा, यह कोई नहीं बता सका।",
  Tamil: "பழைய ரயில் நிலையத்தின் எதிர்காலம் குறித்து விவாதிக்க குழு வியாழக்கிழமை மதியம் கூடியது. கூரைக்கு யார் பணம் தருவார்கள்?",
  Thai: "คณะกรรมการประชุมกันในบ่ายวันพฤหัสบดีเพื่อหารือเกี่ยวกับสถานีรถไฟเก่า เพื่อนบ้านหลายคนเขียนจดหมายมา",
  Georgian: "კომიტეტი ხუთშაბათს შეიკრიბა ძველი რკინიგზის სადგურის მომავლის განსახილველად. სახურავი წვიმის დროს ჟონავს.",
  Amharic: "ኮሚቴው ሐሙስ ከሰዓት በኋላ ስለ አሮጌው የባቡር ጣቢያ ለመወያየት ተሰበሰበ።",
  Chinese:
    "委员会于星期四下午开会，讨论旧火车站的去留问题。几位邻居写了信，大多数人希望保留这座建筑，但没有人能说清楚谁来支付修缮屋顶的费用。" +
    "市长说：“它漏雨，从1987年就开始漏了。”最后大家同意去请教一位建筑师。",
  "Classical Chinese":
    "關關雎鳩，在河之洲。窈窕淑女，君子好逑。參差荇菜，左右流之。窈窕淑女，寤寐求之。饕餮魑魅魍魎，龜鼈黿鼉。",
  Japanese:
    "委員会は木曜日の午後に集まり、古い駅舎をどうするかについて話し合いました。近所の人たちから手紙が届き、ほとんどは建物を残してほしいと" +
    "いうものでしたが、屋根の修理代を誰が払うのかは誰にもわかりませんでした。コンピューターシステムのメンテナンスは２３時からです。",
  Korean:
    "위원회는 목요일 오후에 모여 오래된 기차역을 어떻게 할지 논의했습니다. 이웃들이 편지를 보냈지만 지붕 수리비는 누가 낼까요?",
  TypeScript: `export async function* lines(stream: ReadableStream<Uint8Array>): AsyncGenerator<string> {
  let rest = "";
  for await (const chunk of stream.pipeThrough(new TextDecoderStream())) {
    const parts = (rest + chunk).split(/\\r?\\n/);
    rest = parts.pop() ?? "";
    yield* parts.filter((line) => line !== "" && !line.startsWith("#"));
  }
  if (rest.length > 0) yield rest; // the last one has no newline
}
`,
  Python: `class HTTPServer(socketserver.ThreadingMixIn):
    def __init__(self, *args, max_retries: int = 3, **kwargs):
        super().__init__(*args, **kwargs)
        self.__cache = {k: v for k, v in os.environ.items() if k.startswith("APP_")}

    @property
    def is_ready(self) -> bool:
        return not self._shutdown and len(self.__cache) >= 0x1F
`,
  C: `#define MAX(a,b) (((a)>(b))?(a):(b))
static int __init foo_init(void) {
\tstruct list_head *p, *n;
\tlist_for_each_safe(p, n, &foo_list) { kfree(container_of(p, struct foo, list)); }
\treturn !!(flags & ~0xffUL) ? -EINVAL : 0;
}
`,
  SQL:
    "SELECT u.id, COUNT(*) AS n FROM users u LEFT JOIN orders o ON o.user_id = u.id WHERE o.total_cents >= 1999 AND " +
    "u.created_at < '2025-03-01T00:00:00Z' GROUP BY u.id HAVING COUNT(*) > 3 ORDER BY n DESC LIMIT 50;",
  JSON: JSON.stringify({
    id: "chatcmpl-9a8b7c6d5e4f",
    created: 1732180123,
    choices: [{
      index: 0,
      delta: { role: "assistant", content: "Hello" },
      finish_reason: null,
      logprobs: [-0.0013, 1e-9],
    }],
    nested: { a: { b: { c: [[], {}, [[1, 2], [3, 4]]] } } },
    path: "C:\\Users\\me\\file.txt",
  }),
  "indented JSON": JSON.stringify(
    { users: [{ name: "Ada", tags: ["x", "y"], ok: true }, { name: "Bob", ok: null }] },
    null,
    4,
  ),
  HTML:
    `<div class="card mt-3" data-id="42"><a href="https://example.com/a/b?c=d&amp;e=f#g" target="_blank">Read&nbsp;more…</a></div>`,
  CSS: `.btn:hover,.btn::after{color:#ff00a1;margin:-1px auto 0 .5em;transform:translate3d(0,-50%,0)!important}`,
  Markdown:
    "# Plan\n\n| step | who | when |\n| ---- | :-: | ---: |\n| 1 | *me* | **now** |\n\n- [x] done\n- [ ] `open`\n\n---\n\n```sh\nls -la ~/x && cat *.md | wc -l\n```\n",
  log:
    "2025-11-21T10:48:37.123Z WARN [10.0.12.7:54321] GET /v1/chat/completions 499 12.7ms rid=01JD7Z4Q8N6XK3V5T9W2B1M0CE\n" +
    "\tat Object.<anonymous> (/srv/app/node_modules/.bin/../x/index.js:17:23)\n",
  base64:
    "iVBORw0KGgoAAAANSUhEUgAAAAUAAAAFCAYAAACNbyblAAAAHElEQVQI12P4//8/w38GIAXDIBKE0DHxgljNBAAO9TXL0Y4OHwAAAABJRU5ErkJggg==" +
    "qL8R4n0mVvN2zTqY7cXkW3uPbDfJ5hGsE9aKoQ1yUxMtZi6wCjlBrSe+HpIg/Fd",
  hex: "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855 550e8400-e29b-41d4-a716-446655440000",
  numbers: "3.14159265358979 2.71828182845905\n1,234,567.89\t-0.5e-10\t007\n192.168.1.254/24 (+49) 30 901820",
  emoji: "🎉🎉 Great job!! 👩‍👩‍👧‍👦 🏳️‍🌈 👍🏽 🇩🇪🇯🇵 ❤️ ☕️ ✅ 1️⃣ 😀😃😄😁😆😅🤣😂 🫠🪿🩷",
  symbols: "∀x∈ℝ: ⌈x⌉ ≥ x ⇒ √(x²+1) ≠ ∞ … → ← ↔ ░▒▓█ ┌─┬─┐│ │└─┴─┘ ™®© ½ ° € £ ¥ ½ 𝒜𝓑𝔠 ①②③",
  capitals:
    "WARNING: THE QUICK BROWN FOX JUMPS OVER THE LAZY DOG. NASA AND UNESCO DISAGREE. LLM_CONTEXT_TOKENS=GATEHOUSE_KEY",
  camelCase:
    "getElementById addEventListenerOnce XMLHttpRequest iPhoneXSMax parseHTMLToJSON snake_case_name SCREAMING_SNAKE kebab-case-name",
  "rare words":
    "antidisestablishmentarianism pneumonoultramicroscopicsilicovolcanoconiosis Llanfairpwllgwyngyll Xochimilco tlhIngan",
  whitespace: "a\n\n\n\n    b\t\t\tc      d\r\n\r\n  \n \n\te" + " ".repeat(40) + "f\n",
  rules: "=".repeat(60) + "\n" + "-".repeat(33) + "\n" + "*".repeat(17) + "\n" +
    "#~#~#~#~ <<<>>> !?!? ... ;;; $$ ^^ && || @@",
  "special tokens": "<|endoftext|><|im_start|>system<|im_sep|><|im_end|> [INST] <s></s> <|fim_prefix|>",
  "broken text": "\ud800 lonely \udc00 \u0000\u0001\u0007 \ufffd\u200b\u200d\ufeff \u202e",
};
