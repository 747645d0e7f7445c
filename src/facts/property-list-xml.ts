import { known, type Reading, unknown } from "./fact.ts"
import type { Json } from "./json-text.ts"

class XmlFault extends SyntaxError {}

const TOKEN =
  /\s*(?:<\?xml[^<>]*\?>|<!DOCTYPE[^<>]*>|<(string|key|integer|real|date|data)>([^<>]*)<\/\1>|<(true|false|string|array|dict|data)\/>|<(\/?)(plist|array|dict)(?: version="1\.0")?>)/y
const ENTITIES: Readonly<Record<string, string>> = { lt: "<", gt: ">", amp: "&", quot: '"', apos: "'" }

type Token =
  | { readonly kind: "value"; readonly value: Json }
  | { readonly kind: "key"; readonly text: string }
  | { readonly kind: "begin" | "end"; readonly name: string }

/** A property list as XML (plist(5)), as JSON would have it. Strict: what is not closed or not a pair is not read. */
export function readPropertyListXml(text: string): Reading<Json> {
  let at = 0
  const next = (): Token => {
    for (;;) {
      TOKEN.lastIndex = at
      const match = TOKEN.exec(text)
      if (match === null) throw new XmlFault(text.slice(at).trim() === "" ? "it ends too early" : "a tag is damaged")
      at = TOKEN.lastIndex
      const [, kind, content = "", empty, slash, name] = match
      if (kind === "key") return { kind: "key", text: withoutEntities(content) }
      if (kind !== undefined) return { kind: "value", value: readScalar(kind, content) }
      if (empty !== undefined) return { kind: "value", value: emptyOf(empty) }
      if (name !== undefined) return { kind: slash === "/" ? "end" : "begin", name }
    }
  }
  const read = (token: Token): Json => {
    if (token.kind === "value") return token.value
    if (token.kind !== "begin") throw new XmlFault("a value is missing")
    if (token.name === "array") {
      const items: Json[] = []
      for (let item = next(); !isEnd(item, "array"); item = next()) items.push(read(item))
      return items
    }
    const members = new Map<string, Json>()
    for (let key = next(); !isEnd(key, token.name); key = next()) {
      if (key.kind !== "key" || members.has(key.text)) throw new XmlFault("a key is missing or there twice")
      members.set(key.text, read(next()))
    }
    return Object.fromEntries(members)
  }
  try {
    const begin = next()
    if (begin.kind !== "begin" || begin.name !== "plist") throw new XmlFault("it does not begin with plist")
    const value = read(next())
    if (!isEnd(next(), "plist")) throw new XmlFault("it does not end with plist")
    return known(value)
  } catch (error) {
    if (!(error instanceof XmlFault)) throw error
    const isCut = error.message === "it ends too early" || !text.includes("</plist>")
    return unknown(isCut ? "truncated" : "garbage", `the property list is damaged: ${error.message}`)
  }
}

function isEnd(token: Token, name: string): boolean {
  return token.kind === "end" && token.name === name
}

function readScalar(kind: string, content: string): Json {
  if (/[\ufffd\u0000-\u0008\u000e-\u001f]/.test(content)) throw new XmlFault("a value has characters that cannot be")
  if (kind === "integer") {
    if (!/^(0|-?[1-9]\d{0,18})$/.test(content)) throw new XmlFault("a number is damaged")
    return Number(content)
  }
  if (kind === "real") {
    if (!/^-?\d+(\.\d+)?([eE][+-]?\d+)?$/.test(content)) throw new XmlFault("a number is damaged")
    return Number(content)
  }
  return withoutEntities(content)
}

function emptyOf(name: string): Json {
  if (name === "true" || name === "false") return name === "true"
  return name === "array" ? [] : name === "dict" ? {} : ""
}

function withoutEntities(content: string): string {
  return content.replace(/&(lt|gt|amp|quot|apos);/g, (_, name: string) => ENTITIES[name] ?? "")
}
