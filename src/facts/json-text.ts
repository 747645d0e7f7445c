import { known, type Reading, unknown } from "./fact.ts"

export type Json = string | number | boolean | null | readonly Json[] | JsonObject
export interface JsonObject {
  readonly [key: string]: Json
}

class JsonFault extends SyntaxError {}

const TOKEN =
  /\s*(?:([[\]{},:])|("(?:[^"\\\u0000-\u001f\ufffd]|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*")|(-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?)(?![\w.])|(true|false|null)(?!\w))/y

/**
 * Reads JSON more strictly than `JSON.parse`, which takes the last of two equal keys: here they are a fault, as they tell of
 * lines lost between two objects. Says whether the text is cut or wrong.
 */
export function readJson(text: string): Reading<Json> {
  let at = 0
  let depth = 0
  const next = (): RegExpExecArray => {
    TOKEN.lastIndex = at
    const match = TOKEN.exec(text)
    if (match === null) {
      const rest = text.slice(at).trim()
      // A text that was cut can only be wrong in its last word.
      const isEnd = rest === "" || /^("([^"\n\ufffd\u0000-\u001f])*|[\w.+-]+)$/.test(rest)
      throw new JsonFault(isEnd ? "end" : `${JSON.stringify(rest.slice(0, 30))} stands there`)
    }
    at = TOKEN.lastIndex
    return match
  }
  const value = (token: RegExpExecArray): Json => {
    const [, mark, string, number, word] = token
    if (string !== undefined) return JSON.parse(string) as string
    if (number !== undefined) return Number(number)
    if (word !== undefined) return word === "null" ? null : word === "true"
    if (++depth > 100) throw new JsonFault("it is nested too deeply")
    const result = mark === "{" ? object() : mark === "[" ? array() : wrong(mark)
    depth--
    return result
  }
  const object = (): JsonObject => {
    const members = new Map<string, Json>()
    let token = next()
    while (token[1] !== "}") {
      if (token[2] === undefined) wrong(token[0])
      const key = JSON.parse(token[2]) as string
      if (members.has(key)) throw new JsonFault(`"${key}" is there twice`)
      if (next()[1] !== ":") wrong("no colon")
      members.set(key, value(next()))
      token = next()
      if (token[1] === "}") break
      if (token[1] !== ",") wrong(token[0])
      token = next()
      if (token[1] === "}") wrong("a comma before }")
    }
    return Object.fromEntries(members)
  }
  const array = (): Json[] => {
    const items: Json[] = []
    let token = next()
    while (token[1] !== "]") {
      items.push(value(token))
      token = next()
      if (token[1] === "]") break
      if (token[1] !== ",") wrong(token[0])
      token = next()
      if (token[1] === "]") wrong("a comma before ]")
    }
    return items
  }
  try {
    const result = value(next())
    const rest = text.slice(at).trim()
    return rest === "" ? known(result) : unknown("garbage", "the JSON goes on after its end")
  } catch (error) {
    if (!(error instanceof JsonFault)) throw error
    if (error.message === "end") return unknown("truncated", "the JSON ends too early")
    return unknown("garbage", `the JSON is damaged: ${error.message}`)
  }
}

function wrong(what: string | undefined): never {
  throw new JsonFault(`${JSON.stringify(what?.trim())} stands there`)
}

export function isJsonObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value)
}

/** The objects of a list; nothing for what is no list. */
export function jsonObjects(value: Json | undefined): JsonObject[] {
  return Array.isArray(value) ? (value as Json[]).filter(isJsonObject) : []
}
