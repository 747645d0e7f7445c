import type { FactSheet } from "./fact-sheet.ts"
import { isJsonObject, type Json, type JsonObject, jsonObjects } from "./json-text.ts"
import { jsonText, takeJsonWhole } from "./json-values.ts"
import { readIdentifier } from "./model-map.ts"
import { shorten } from "./numbers.ts"

/**
 * `SPThunderboltDataType`. A Mac at the other end is an item with a model's identifier as its name and a domain of its own; a
 * drive has neither. A bus says `80 Gb/s` where something is connected, `Up to 120 Gb/s` where nothing is.
 */
export function readProfiledThunderbolt(sheet: FactSheet, items: Json): void {
  const peers: string[] = []
  let contradiction: string | null = null
  for (const bus of jsonObjects(items)) {
    const connected = jsonObjects(bus._items)
    for (const item of connected) {
      const model = item.device_name_key
      if (typeof model !== "string") contradiction = "something that is connected has no name"
      const isMac = typeof model === "string" && readIdentifier(model) !== null
      const hasDomain = typeof item.domain_uuid_key === "string"
      if (isMac !== hasDomain) contradiction = "something has a Mac's name or domain, but not both"
      else if (isMac) peers.push(model)
    }
    const status = readBus(sheet, bus)
    if (status !== null && status !== connected.length > 0) {
      contradiction = `${String(bus._name)} says it is ${status ? "" : "not "}connected, and lists ${connected.length}`
    }
  }
  if (contradiction === null) sheet.known("thunderboltPeers", peers.sort(), "SPThunderboltDataType")
  else sheet.unknown("thunderboltPeers", "contradictory", contradiction, "SPThunderboltDataType")
}

/** Whether something is connected; `null` when the bus does not say. */
function readBus(sheet: FactSheet, bus: JsonObject): boolean | null {
  const tag = bus.receptacle_1_tag
  const name = bus._name
  if (!isJsonObject(tag) || typeof name !== "string" || !/^thunderbolt\w+_bus_\d+$/.test(name)) return null
  const speed = tag.current_speed_key
  const status = tag.receptacle_status_key
  const isConnected =
    status === "receptacle_connected" ? true : status === "receptacle_no_devices_connected" ? false : null
  if (typeof speed !== "string" || isConnected === null) {
    if (speed !== undefined)
      sheet.unknown("thunderboltLink", "garbage", "speed or status is damaged or missing", "current_speed_key", name)
    return isConnected
  }
  const match = /^(Up to )?(10|20|40|80|120) Gb\/s(?: x1)?$/.exec(speed)
  const isMost = match?.[1] !== undefined
  if (match === null)
    sheet.unknown("thunderboltLink", "garbage", `"${shorten(speed)}" is no speed`, "current_speed_key", name)
  else if (isMost === isConnected)
    sheet.unknown("thunderboltLink", "contradictory", "speed and status disagree", "current_speed_key", name)
  else sheet.known("thunderboltLink", isConnected ? Number(match[2]) : "nothing connected", "current_speed_key", name)
  return isConnected
}

/**
 * `SPAirPortDataType`. The network's name is `<redacted>` without permission for Location since macOS 14, and is left alone
 * anyway; rate and channel are there.
 */
export function readProfiledAirPort(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    for (const port of jsonObjects(item.spairport_airport_interfaces)) {
      const name = port._name
      if (typeof name !== "string" || !/^en\d{1,2}$/.test(name)) continue
      sheet.known("linkKind", "wifi", "spairport_airport_interfaces", name)
      const status = port.spairport_status_information
      if (status === "spairport_status_connected")
        sheet.known("isLinkActive", true, "spairport_status_information", name)
      else if (status !== undefined && typeof status !== "string")
        sheet.unknown("isLinkActive", "garbage", "its value is no text", "spairport_status_information", name)
      const network = port.spairport_current_network_information
      if (!isJsonObject(network)) continue
      const rate = network.spairport_network_rate
      takeJsonWhole(sheet, "wifiMbps", rate, [1, 50_000], "spairport_network_rate", name)
      const key = "spairport_network_channel"
      const channel = jsonText(sheet, ["wifiChannel"], network.spairport_network_channel, key, name)
      const match = channel !== null ? /^\d{1,3} \((2|5|6)GHz, (20|40|80|160|320)MHz\)$/.exec(channel) : null
      if (match !== null) sheet.known("wifiChannel", match[0], key, name)
      else if (channel !== null)
        sheet.unknown("wifiChannel", "garbage", `"${shorten(channel)}" is no channel`, key, name)
    }
  }
}

/** `SPNetworkDataType`: services with their interfaces. Addresses are left alone. */
export function readProfiledNetwork(sheet: FactSheet, items: Json): void {
  for (const item of jsonObjects(items)) {
    const { interface: name, hardware } = item
    if (typeof name !== "string" || !/^en\d{1,2}$/.test(name)) continue
    if (hardware === "AirPort" || hardware === "Wi-Fi") sheet.known("linkKind", "wifi", "hardware", name)
    const isPort = typeof item._name === "string" && /^Thunderbolt( \d| Bridge)/.test(item._name)
    if (hardware === "Ethernet" && !isPort) sheet.known("linkKind", "ethernet", "hardware", name)
  }
}
