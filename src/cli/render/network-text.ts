import { nameOfModel } from "../../facts/model-name.ts"
import type { HostView } from "../../protocol/host.ts"
import { type MeasureView, networkText } from "../../protocol/network.ts"
import { formatTime } from "./age.ts"

/** How a host is on the network, what was measured and whether it is woken, as lines of its page. */
export function networkPairs({ network, measures, wake }: HostView): [string, string][] {
  // A server of an older release says nothing of this.
  const at = network == null || network.interface === null ? "" : ` (${network.interface})`
  const text = network == null ? null : networkText(network)
  const peers = network?.peers ?? []
  return [
    ...(network == null ? [] : [["network", `${text ?? "not known"}${at}`] as [string, string]]),
    ...(peers.length === 0 ? [] : [["Thunderbolt", `to ${peers.map(nameOfModel).join(", ")}`] as [string, string]]),
    ...(measures ?? []).map((measure) => ["measured", measureText(measure)] as [string, string]),
    ...(wake?.isOn ? [["wake", wakeText(wake)] as [string, string]] : []),
  ]
}

function wakeText({ hardware, problem }: HostView["wake"]): string {
  return `for jobs${hardware === null ? "" : `, at ${hardware}`}${problem === null ? "" : `; cannot be: ${problem}`}`
}

/** "from server 941 Mbit/s, to it 912 Mbit/s, round trip 0.4 ms, 27 Nov 12:03" */
function measureText({ with: other, toMbps, fromMbps, roundTripMs, at }: MeasureView): string {
  return [
    ...(toMbps === null ? [] : [`from ${other} ${mbpsText(toMbps)}`]),
    ...(fromMbps === null ? [] : [`to ${toMbps === null ? other : "it"} ${mbpsText(fromMbps)}`]),
    `round trip ${roundTripText(roundTripMs)}`,
    formatTime(at),
  ].join(", ")
}

export function mbpsText(mbps: number): string {
  if (mbps >= 10_000) return `${(mbps / 1_000).toFixed(1)} Gbit/s`
  return `${mbps >= 10 ? Math.round(mbps) : mbps.toFixed(1)} Mbit/s`
}

export function roundTripText(ms: number): string {
  return ms < 10 ? `${ms.toFixed(1)} ms` : `${Math.round(ms)} ms`
}
