import type { FactSheet } from "./fact-sheet.ts"
import { readAccelerator } from "./ioreg-accelerator.ts"
import { readSmartBattery } from "./ioreg-battery.ts"
import { readConsole } from "./ioreg-console.ts"
import { readDiskCounters, readHidIdle, readPlatformDevice } from "./ioreg-devices.ts"
import { fitLines, type Line, linesOf } from "./lines.ts"
import { type PropertyDictionary, type PropertyValue, parsePropertyValue } from "./property-value.ts"

/** One entry of the I/O registry. */
export interface RegistryNode {
  /** Empty for properties that stand without their entry, as an excerpt has them. */
  readonly name: string
  readonly className: string
  readonly properties: PropertyDictionary
  /** Keys whose values could not be read: damaged, cut, or there twice. */
  readonly damaged: ReadonlySet<string>
}

type Part =
  | { readonly kind: "node"; readonly name: string; readonly className: string }
  | { readonly kind: "open" | "close" }
  | { readonly kind: "property"; readonly key: string; readonly text: string }

const NODE = /^[ |]*\+-o (.+?) {2}<class ([A-Za-z0-9_]+)(?:, [^<>]*)?>$/
const PROPERTY = /^[ |]*"((?:[^"\\]|\\.)+)" = (.+)$/

export function isRegistryLine(text: string): boolean {
  return NODE.test(text) || PROPERTY.test(text)
}

function partOf(text: string): Part | null {
  const node = NODE.exec(text)
  if (node !== null) return { kind: "node", name: node[1] ?? "", className: node[2] ?? "" }
  const property = PROPERTY.exec(text)
  if (property !== null) return { kind: "property", key: property[1] ?? "", text: property[2] ?? "" }
  if (/^[ |]*\{$/.test(text)) return { kind: "open" }
  if (/^[ |]*\}$/.test(text)) return { kind: "close" }
  return null
}

/**
 * The entries that `ioreg -r -w 0 ...` prints (ioreg(8)). Lines that do not follow the grammar are left out, and with them the
 * number before them, which they may be the rest of.
 */
export function parseRegistry(lines: readonly Line[], onMisfit?: (text: string) => void): RegistryNode[] {
  const nodes: (RegistryNode & { properties: Map<string, PropertyValue>; damaged: Set<string> })[] = []
  const begin = (name: string, className: string) => {
    const node = { name, className, properties: new Map<string, PropertyValue>(), damaged: new Set<string>() }
    nodes.push(node)
    return node
  }
  let node = begin("", "")
  for (const { value: part, isWhole } of fitLines(lines, fitRegistry, onMisfit)) {
    if (part.kind === "node") node = begin(part.name, part.className)
    else if (part.kind === "close") node = begin("", "")
    else if (part.kind === "property") {
      const read = parsePropertyValue(part.text)
      const isDoubled = node.properties.has(part.key) || node.damaged.has(part.key)
      if (read === null || isDoubled || !(isWhole || read.endsItself)) {
        node.properties.delete(part.key)
        node.damaged.add(part.key)
      } else node.properties.set(part.key, read.value)
    }
  }
  return nodes.filter(({ properties, damaged, name }) => name !== "" || properties.size > 0 || damaged.size > 0)
}

function fitRegistry(text: string): Part | null | undefined {
  return /^[ |]*$/.test(text) ? undefined : partOf(text)
}

/** The property, and `null` where it is not there or not to be believed. */
export function numberIn(properties: PropertyDictionary, key: string): number | null {
  const value = properties.get(key)
  return typeof value === "number" ? value : null
}

/** `ioreg` of any class: what an entry is about shows in its keys. */
export function readRegistry(sheet: FactSheet, lines: readonly Line[]): void {
  let isHeadCut = false
  const nodes = parseRegistry(lines, (text) => {
    sheet.misfit(text)
    isHeadCut ||= /^[ |]*\+/.test(text)
  })
  readAccelerator(sheet, nodes)
  readHidIdle(sheet, nodes, isHeadCut)
  readConsole(sheet, nodes)
  readSmartBattery(sheet, nodes)
  readDiskCounters(sheet, nodes)
  readPlatformDevice(sheet, nodes)
}

/** The entries in a text, for callers that read more than facts. */
export function registryOf(text: string): RegistryNode[] {
  return parseRegistry(linesOf(text))
}

export function hasKey(node: RegistryNode, key: string): boolean {
  return node.properties.has(key) || node.damaged.has(key)
}
