import { known, type Reading, unknown } from "./fact.ts"
import { registryOf } from "./ioreg.ts"
import { isJsonObject, type Json } from "./json-text.ts"
import { readPropertyListXml } from "./property-list-xml.ts"

const CLASS = "IOPlatformExpertDevice"
const KEY = "IOPlatformUUID"
const UUID = /^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$/

/**
 * The UUID in the output of `ioreg -rd1 -c IOPlatformExpertDevice`, with `-a` or without (ioreg(8)). It stays when a Mac is renamed
 * or its disk erased, and no two Macs have the same. It is no fact and is shown nowhere: who asks hashes it at once.
 */
export function readPlatformUuid(text: string): Reading<string> {
  const found = text.trimStart().startsWith("<?xml") ? inPropertyList(text) : inRegistry(text)
  if (!found.known) return found
  const [uuid] = found.value
  if (found.value.length !== 1 || uuid === undefined) {
    return unknown(found.value.length === 0 ? "no_such_key" : "contradictory", "there is not one platform UUID")
  }
  return UUID.test(uuid) && !/^[0-]+$/.test(uuid) ? known(uuid) : unknown("garbage", "it is no platform UUID")
}

function inPropertyList(text: string): Reading<string[]> {
  const list = readPropertyListXml(text)
  if (!list.known) return list
  const entries: readonly Json[] = Array.isArray(list.value) ? list.value : [list.value]
  return known(entries.flatMap((entry) => (isJsonObject(entry) && typeof entry[KEY] === "string" ? [entry[KEY]] : [])))
}

function inRegistry(text: string): Reading<string[]> {
  const values: string[] = []
  for (const { className, properties, damaged } of registryOf(text)) {
    if (className !== CLASS) continue
    if (damaged.has(KEY)) return unknown("garbage", "its value is damaged, cut, or there twice")
    const value = properties.get(KEY)
    if (typeof value === "string") values.push(value)
  }
  return known(values)
}
