// Markdown: what it makes of usual texts, of hostile ones, and how long that takes.

import test from 'node:test'
import assert from 'node:assert/strict'
import { highlight } from '../src/model/highlight'
import { isOnlyEmoji, parseInline, parseMarkdown, plainText, safeAddress, withoutTricks, type Block, type Inline } from '../src/model/markdown'

/** A tree in a short notation: `strong(text)`. */
const short = (nodes: (Inline | Block)[]): string => nodes.map((node): string => {
  switch (node.kind) {
    case 'text': return node.text
    case 'code': return `code[${node.text}]`
    case 'link': return `link<${node.url}>(${short(node.children)})`
    case 'user': case 'role': case 'channel': return `${node.kind}:${node.id}`
    case 'everyone': return `everyone:${node.word}`
    case 'list': return `list(${node.items.map((item) => short(item.children)).join('|')})`
    case 'heading': return `h${node.level}(${short(node.children)})`
    default: return `${node.kind}(${short(node.children)})`
  }
}).join('')
const inline = (text: string): string => short(parseInline(text))
const id = '0123456789abcdef'

test('marks become spans, nested ones too', () => {
  assert.equal(inline('**a** *b* _c_ __d__ ~~e~~ ||f||'), 'strong(a) emphasis(b) emphasis(c) underline(d) strike(e) spoiler(f)')
  assert.equal(inline('***both***'), 'strong(emphasis(both))')
  assert.equal(inline('**a *b* c**'), 'strong(a emphasis(b) c)')
  assert.equal(inline('||**a**||'), 'spoiler(strong(a))')
})

test('what is not closed, or stands within words, stays as it was written', () => {
  for (const text of ['**a', 'a * b * c', 'snake_case_name', '2 * 3', '****', '~~', 'a ** b', '*', '|| a', '\u0131_\u0131_\u0131']) assert.equal(inline(text), text)
  assert.equal(inline('**a *b**'), 'strong(a *b)')
})

test('a backslash takes the meaning from a mark', () => assert.equal(inline('\\*a\\* \\<@0123456789abcdef>'), '*a* <@0123456789abcdef>'))

test('code means nothing else', () => {
  assert.equal(inline('`**a** <@0123456789abcdef>`'), `code[**a** <@${id}>]`)
  assert.equal(inline('`` a`b ``'), 'code[a`b]')
  assert.equal(inline('a ` b'), 'a ` b')
})

test('names of people, roles, channels and everybody become pills', () => {
  assert.equal(inline(`<@${id}> <@&${id}> <#${id}>`), `user:${id} role:${id} channel:${id}`)
  assert.equal(inline('@everyone @here, mail@everyone @everyones'), 'everyone:@everyone everyone:@here, mail@everyone @everyones')
  assert.equal(inline('<@123>'), '<@123>')
})

test('addresses become links without the punctuation around them', () => {
  assert.equal(inline('see https://a.example/x_y_z.'), 'see link<https://a.example/x_y_z>(https://a.example/x_y_z).')
  assert.equal(inline('(https://a.example/p(1))'), '(link<https://a.example/p(1)>(https://a.example/p(1)))')
  assert.equal(inline('<https://a.example/>'), 'link<https://a.example/>(https://a.example/)')
  assert.equal(inline('[**here**](https://a.example/)'), 'link<https://a.example/>(strong(here))')
})

test('nothing but http and https can be followed, and no label pretends to be another address', () => {
  for (const text of ['javascript:alert(1)', '[a](javascript:alert(1))', '[a](JaVaScRiPt:alert(1))', '[a](data:text/html,x)', '[a]( javascript:alert(1))',
    '[a](vbscript:x)', '[a](file:///etc/passwd)', '<javascript:alert(1)>', '[a](//b.example)', '[https://bank.example](https://evil.example)',
    '[bank.example](https://evil.example/)', '[a](https://user:pass@evil.example/)', 'xhttps://a.example', 'https://', '[a](https://)']) {
    const links = parseInline(text).filter((node) => node.kind === 'link')
    for (const link of links) assert.ok(link.kind === 'link' && link.children.length === 1 && short(link.children) !== 'a' && link.url.startsWith('https://'), text)
  }
  assert.equal(safeAddress('javascript:alert(1)'), null)
  assert.equal(safeAddress('https://a@b.example/'), null)
})

test('markup in a text is text', () => {
  for (const text of ['<img src=x onerror=alert(1)>', '<script>alert(1)</script>', '<svg/onload=alert(1)>', '&lt;b&gt;', '<a href="javascript:alert(1)">x</a>']) {
    assert.equal(inline(text), text)
  }
})

test('blocks: fences, quotes, lists, headings', () => {
  assert.deepEqual(parseMarkdown('a\n```ts\nlet x = 1\n```\nb').map((block) => block.kind), ['paragraph', 'code', 'paragraph'])
  assert.deepEqual(parseMarkdown('```ts\nlet x\n```'), [{ kind: 'code', language: 'ts', text: 'let x' }])
  assert.deepEqual(parseMarkdown('```one line```'), [{ kind: 'code', language: '', text: 'one line' }])
  assert.equal(short(parseMarkdown('> a\n> **b**\nc')), 'quote(paragraph(a\nstrong(b)))paragraph(c)')
  assert.equal(short(parseMarkdown('>>> a\nb')), 'quote(paragraph(a\nb))')
  assert.equal(short(parseMarkdown('- a\n- b\n\n1. c')), 'list(a|b)paragraph()list(c)')
  assert.equal(short(parseMarkdown('# A\n#b')), 'h1(A)paragraph(#b)')
  assert.equal(short(parseMarkdown('``` open')), 'paragraph(``` open)')
})

test('a few emojis alone are shown large', () => {
  for (const text of ['😀', '👍🏽 🎉', '👩‍💻', '🇹🇷', '❤️']) assert.ok(isOnlyEmoji(text), text)
  for (const text of ['a 😀', '12', '', '😀'.repeat(100)]) assert.ok(!isOnlyEmoji(text), text)
})

test('characters that hide what a name is are taken out', () => {
  assert.equal(withoutTricks('fatura\u202Egpj.exe'), 'faturagpj.exe')
  assert.equal(withoutTricks('a\u0000b\u200fc\u2066d'), 'abcd')
})

test('a quote on one line names people and hides spoilers', () => {
  assert.equal(plainText(parseMarkdown(`**a**\n||b|| <@${id}>`), () => '@ay'), 'a ▒▒▒ @ay')
})

test('hostile texts take time in proportion to their length', () => {
  const pieces = ['*', '_', '**', '||', '~~', '`', '``', '[', '](', '<@', '> ', '\\', 'https://a(', '***a', '_a*', '[a](https://b.c', '@everyone', '- ', '```']
  const once = (repeat: number): number => {
    const start = performance.now()
    for (const a of pieces) for (const b of pieces) parseMarkdown((a + b).repeat(repeat))
    return performance.now() - start
  }
  once(100)
  const [small, large] = [once(100), once(800)]
  assert.ok(large < small * 8 * 6 + 500, `${small} ms, then ${large} ms`)
})

test('random texts never throw and lose no letters', () => {
  const alphabet = ['*', '_', '~', '|', '`', '<', '>', '@', '[', ']', '(', ')', '\n', ' ', 'ş', 'b', '😀', '#', '-']
  let seed = 1
  const next = (): number => (seed = (seed * 1103515245 + 12345) & 0x7fffffff)
  for (let round = 0; round < 2_000; round += 1) {
    const text = Array.from({ length: next() % 40 }, () => alphabet[next() % alphabet.length]).join('')
    const letters = (from: string): string => [...from].filter((character) => character === 'ş' || character === '😀').join('')
    const drawn = (nodes: (Block | Inline)[]): string => nodes.map((node): string =>
      node.kind === 'text' || node.kind === 'code' ? node.text : node.kind === 'list' ? node.items.map((item) => drawn(item.children)).join('')
        : 'children' in node ? drawn(node.children) : '').join('')
    assert.equal(letters(drawn(parseMarkdown(text))), letters(text), JSON.stringify(text))
  }
})

test('coloured code put together again is the code', () => {
  const code = 'const a = "x\\"y" // hi\n/* b */ let n = 0x1f\n`t\n`'
  const tokens = highlight(code, 'ts')
  assert.equal(tokens.map((token) => token.text).join(''), code)
  assert.deepEqual(tokens.filter((token) => token.kind !== 'plain').map((token) => [token.kind, token.text]), [
    ['keyword', 'const'], ['string', '"x\\"y"'], ['comment', '// hi'], ['comment', '/* b */'], ['keyword', 'let'], ['number', '0x1f'], ['string', '`t\n`']])
  assert.deepEqual(highlight('x', 'constructor'), [{ kind: 'plain', text: 'x' }])
})
