// A message's text as nodes. Whatever somebody writes is text or one of these elements; nothing is ever read as markup.

import { memo, useMemo, useState, type ReactNode } from 'react'
import { highlight } from '../../../model/highlight'
import { isOnlyEmoji, parseInline, parseMarkdown, type Block, type Inline } from '../../../model/markdown'
import { nameOf } from '../../../model/community/state'
import { Icon } from '../../icons'
import { useWords } from '../../useStore'
import { useClient, useCommunity } from '../context'

export const Markdown = memo(function Markdown({ text, after }: { text: string; after?: ReactNode }): JSX.Element {
  const blocks = useMemo(() => parseMarkdown(text), [text])
  return (
    <div className={isOnlyEmoji(text) ? 'content only-emoji' : 'content'} dir="auto">
      {blocks.map((block, index) => <BlockView key={index} block={block} after={index === blocks.length - 1 ? after : undefined} />)}
    </div>
  )
})

/** One line of a text: for topics and quotes. */
export function MarkdownLine({ text }: { text: string }): JSX.Element {
  const nodes = useMemo(() => parseInline(text.replace(/\s+/g, ' ')), [text])
  return <Spans nodes={nodes} />
}

function BlockView({ block, after }: { block: Block; after?: ReactNode }): JSX.Element {
  switch (block.kind) {
    case 'paragraph': return <p dir="auto"><Spans nodes={block.children} />{after}</p>
    case 'heading': {
      const Heading = (['h3', 'h4', 'h5'] as const)[block.level - 1] ?? 'h5'
      return <Heading className={`level-${block.level}`}><Spans nodes={block.children} />{after}</Heading>
    }
    case 'quote': return <blockquote>{block.children.map((child, index) => <BlockView key={index} block={child} />)}{after}</blockquote>
    case 'code': return <><CodeBlock language={block.language} text={block.text} />{after}</>
    case 'list': {
      const List = block.start === null ? 'ul' : 'ol'
      return (
        <><List start={block.start ?? undefined}>
          {block.items.map((item, index) => <li key={index} className={`depth-${item.depth}`}><Spans nodes={item.children} /></li>)}
        </List>{after}</>
      )
    }
  }
}

function CodeBlock({ language, text }: { language: string; text: string }): JSX.Element {
  const { ui } = useClient()
  const words = useWords()
  const tokens = useMemo(() => highlight(text, language), [text, language])
  const copy = (): void => { void navigator.clipboard?.writeText(text).then(() => ui.notify(words('shell.copied'))) }
  return (
    <div className="code-block">
      <pre tabIndex={0} aria-label={language || undefined}><code>
        {tokens.map((token, index) => (token.kind === 'plain' ? token.text : <span key={index} className={`token-${token.kind}`}>{token.text}</span>))}
      </code></pre>
      <button className="icon-button" aria-label={words('chat.copyCode')} title={words('chat.copyCode')} onClick={copy}><Icon name="copy" size={16} /></button>
    </div>
  )
}

function Spans({ nodes }: { nodes: Inline[] }): JSX.Element {
  return <>{nodes.map((node, index) => <Span key={index} node={node} />)}</>
}

function Span({ node }: { node: Inline }): JSX.Element {
  switch (node.kind) {
    case 'text': return <>{node.text}</>
    case 'strong': return <strong><Spans nodes={node.children} /></strong>
    case 'emphasis': return <em><Spans nodes={node.children} /></em>
    case 'underline': return <u><Spans nodes={node.children} /></u>
    case 'strike': return <s><Spans nodes={node.children} /></s>
    case 'spoiler': return <Spoiler nodes={node.children} />
    case 'code': return <code>{node.text}</code>
    case 'link': {
      // A place in this community opens here; everything else in a page of its own.
      if (node.url.startsWith(`${location.origin}/#/channels/`)) return <a href={new URL(node.url).hash}><Spans nodes={node.children} /></a>
      return <a href={node.url} title={node.url} target="_blank" rel="noopener noreferrer nofollow"><Spans nodes={node.children} /></a>
    }
    default: return <Pill node={node} />
  }
}

function Spoiler({ nodes }: { nodes: Inline[] }): JSX.Element {
  const words = useWords()
  const [shown, setShown] = useState(false)
  if (shown) return <span className="spoiler shown"><Spans nodes={nodes} /></span>
  const show = (): void => setShown(true)
  return (
    <span className="spoiler" role="button" tabIndex={0} aria-label={words('chat.spoiler')}
      onClick={(event) => { event.preventDefault(); event.stopPropagation(); show() }}
      onKeyDown={(event) => { if (event.key === 'Enter' || event.key === ' ') { event.preventDefault(); event.stopPropagation(); show() } }}>
      <span aria-hidden="true" className="hidden"><Spans nodes={nodes} /></span>
    </span>
  )
}

/** Somebody, a role, a channel or everybody, named in a text. */
function Pill({ node }: { node: Extract<Inline, { kind: 'user' | 'role' | 'channel' | 'everyone' }> }): JSX.Element {
  const { ui } = useClient()
  const state = useCommunity()
  const words = useWords()
  if (node.kind === 'everyone') return <span className="pill">{node.word}</span>
  if (node.kind === 'role') {
    const role = state.roles[node.id]
    const own = role && role.color.toUpperCase() !== '#99AAB5' ? role.color : undefined
    return <span className="pill" style={{ color: own }}>@{role?.name ?? words('chat.unknownRole')}</span>
  }
  if (node.kind === 'user') {
    const member = state.members[node.id]
    if (!member) return <span className="pill">@{words('chat.unknownUser')}</span>
    return <button className="pill" onClick={() => ui.dialog({ kind: 'profile', user: member.id })}>@<bdi>{nameOf(member)}</bdi></button>
  }
  const channel = state.channels[node.id]
  if (!channel) return <span className="pill">#{words('chat.unknownChannel')}</span>
  return <button className="pill" onClick={() => ui.open(channel.id)}><Icon name={channel.type === 'voice' ? 'speaker' : 'hash'} size={14} />{channel.name}</button>
}
