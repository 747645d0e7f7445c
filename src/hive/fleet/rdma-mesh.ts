import type { RdmaMatrix, RdmaPort } from "../../protocol/rdma.ts"

/**
 * The devices by which hosts reach each other over RDMA, in this order; `null` where not all are cabled to each other: JACCL takes no
 * other form.
 * @param ports of each host
 */
export function rdmaMesh(ports: readonly (readonly RdmaPort[] | null)[]): RdmaMatrix | null {
  const rows = ports.map((own, rank) =>
    ports.map((others, other) => (rank === other ? null : (deviceBetween(own ?? [], others ?? []) ?? undefined))),
  )
  const isWhole = (row: readonly (string | null | undefined)[]): row is readonly (string | null)[] =>
    !row.includes(undefined)
  return rows.every(isWhole) ? (rows as RdmaMatrix) : null
}

/** A cable that both ends tell of. */
export function deviceBetween(own: readonly RdmaPort[], others: readonly RdmaPort[]): string | undefined {
  const port = own.find(({ domain, peer }) => others.some((one) => one.domain === peer && one.peer === domain))
  return port?.device
}
