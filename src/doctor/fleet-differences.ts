import type { DoctorFinding } from "../protocol/api.ts"

/** Versions of one host; `null` and empty where they are not known. */
export interface HostVersions {
  readonly name: string
  /** "26.1"; `null` off the Mac. */
  readonly macos: string | null
  readonly agent: string | null
  readonly uv: readonly string[]
  readonly python: readonly string[]
}

/** What differs between the hosts of a pool, so that a job may run on one and not on another. Nothing is said of fewer than two. */
export function fleetDifferences(hosts: readonly HostVersions[]): DoctorFinding[] {
  const of = (read: (host: HostVersions) => string | null) =>
    hosts.flatMap((host) => {
      const version = read(host)
      return version === null ? [] : [{ name: host.name, version }]
    })
  const minors = [...new Set(hosts.flatMap(({ python }) => python.map(minorOf)))].sort()
  return [
    compare(
      "macos_versions",
      "macOS",
      of(({ macos }) => macos),
      "Update the older ones, one after the other: windfall host drain NAME first",
    ),
    compare(
      "agent_versions",
      "the agent",
      of(({ agent }) => agent),
      "An older agent goes on as long as jobs of its run there; the next contact brings this server's",
    ),
    compare(
      "uv_versions",
      "uv",
      of(({ uv }) => uv.toSorted(byVersion).at(-1) ?? null),
      "None is needed: the next environment built there brings this server's",
    ),
    ...minors.map((minor) =>
      compare(
        "python_versions",
        `Python ${minor}`,
        of(
          ({ python }) =>
            python
              .filter((one) => minorOf(one) === minor)
              .toSorted(byVersion)
              .at(-1) ?? null,
        ),
        "Where that matters, name the version to the last digit: .python-version, or requires-python in pyproject.toml",
      ),
    ),
  ].flat()
}

function compare(
  code: string,
  what: string,
  all: readonly { readonly name: string; readonly version: string }[],
  fix: string,
): DoctorFinding[] {
  if (all.length < 2) return []
  const byOne = new Map<string, string[]>()
  for (const { name, version } of all) byOne.set(version, [...(byOne.get(version) ?? []), name])
  const subject = "fleet"
  const [first] = byOne.keys()
  if (byOne.size === 1) {
    return [{ subject, code, level: "ok", text: `all ${all.length} hosts have ${what} ${first}`, fix: null }]
  }
  const parts = [...byOne]
    .sort(([a], [b]) => byVersion(b, a))
    .map(([version, names]) => `${version} on ${names.slice(0, 6).join(", ")}${names.length > 6 ? ", ..." : ""}`)
  return [{ subject, code, level: "warning", text: `${what} differs between hosts: ${parts.join("; ")}`, fix }]
}

function minorOf(version: string): string {
  return version.split(".").slice(0, 2).join(".")
}

function byVersion(a: string, b: string): number {
  const [left, right] = [a, b].map((one) => one.split(/\D+/).map(Number)) as [number[], number[]]
  for (let at = 0; at < Math.max(left.length, right.length); at++) {
    const difference = (left[at] ?? 0) - (right[at] ?? 0)
    if (difference !== 0) return difference
  }
  return 0
}
