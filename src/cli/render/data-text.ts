import { formatBytes } from "../../base/bytes.ts"
import type { StoredDataView } from "../../protocol/data-api.ts"
import { formatTime } from "./age.ts"
import { countText, renderPairs, renderTable } from "./table.ts"

type Version = StoredDataView["versions"][number]

/** Data as a table. */
export function dataTable(data: readonly StoredDataView[], width: number | undefined): string {
  return renderTable(
    [
      { title: "DATA" },
      { title: "OWNER" },
      { title: "VERSION", right: true },
      { title: "FILES", right: true },
      { title: "SIZE", right: true },
      { title: "JOBS", right: true },
      { title: "LIES ON" },
    ],
    data.map((one) => {
      const latest = one.versions.at(-1)
      return [
        one.name,
        one.shared ? `${one.user} (shared)` : one.user,
        latest === undefined ? "-" : `${latest.version}`,
        latest === undefined ? "-" : `${latest.files}`,
        latest === undefined ? "-" : formatBytes(latest.bytes),
        `${one.jobs.length}`,
        latest === undefined ? placesText(one) : ["server", hostsText(latest)].filter((text) => text !== "").join(", "),
      ]
    }),
    width,
  )
}

/** All that is known of one. */
export function dataDetails(data: StoredDataView): string {
  const pairs = renderPairs([
    ["data", data.name],
    ["owner", data.user],
    ["for", data.shared ? "everybody's jobs" : "the owner's jobs"],
    ["added", formatTime(data.createdAt)],
    ["unfinished jobs", data.jobs.length === 0 ? "none" : data.jobs.join(" ")],
  ])
  const versions = data.versions.map((one) => [
    `${one.version}`,
    `${one.files}`,
    formatBytes(one.bytes),
    formatTime(one.addedAt),
    hostsText(one) || "-",
  ])
  const places = data.places.map(({ hostName, path, provedAt, problem, writable }) => [
    hostName,
    path,
    formatTime(provedAt),
    writable ? "writable" : "read-only",
    problem ?? "",
  ])
  const tables = [
    versions.length === 0
      ? ""
      : `\n${renderTable([{ title: "VERSION", right: true }, { title: "FILES", right: true }, { title: "SIZE", right: true }, { title: "ADDED" }, { title: "HOSTS" }], versions)}`,
    places.length === 0
      ? ""
      : `\n${renderTable([{ title: "HOST" }, { title: "PATH" }, { title: "PROVED" }, { title: "BY JOBS" }, { title: "PROBLEM" }], places)}`,
  ]
  return pairs + tables.join("")
}

/** The hosts that have a version, and how far those are that get it: `mac-1, mac-2 (41 %)`. */
export function hostsText({ hosts, coming = [] }: Partial<Pick<Version, "coming">> & Pick<Version, "hosts">): string {
  const part = ({ doneBytes, totalBytes }: Version["coming"][number]) =>
    totalBytes === 0 ? 0 : Math.floor(Math.min(1, doneBytes / totalBytes) * 100)
  return [...hosts, ...coming.map((one) => `${one.host} (${part(one)} %)`)].join(", ")
}

/** What `data add` came to. */
export function addedText(data: StoredDataView): string {
  const { name } = data
  const use = `Jobs get it with: --data ${name}\n`
  const latest = data.versions.at(-1)
  if (latest === undefined) return `${name} lies on ${placesText(data)}. ${use}`
  return `${name} version ${latest.version}: ${countText(latest.files)}, ${formatBytes(latest.bytes)}. ${use}`
}

function placesText({ places }: StoredDataView): string {
  return places
    .map(({ hostName, path, problem, writable }) => {
      const marks = [...(writable ? ["writable by jobs"] : []), ...(problem === null ? [] : ["cannot be used"])]
      return `${hostName}:${path}${marks.length === 0 ? "" : ` (${marks.join(", ")})`}`
    })
    .join(", ")
}
