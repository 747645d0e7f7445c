import { WindfallError } from "../../protocol/errors.ts"
import type { HostRecording } from "../../protocol/recording.ts"
import { path } from "../builtin.ts"
import type { Cli } from "../cli.ts"
import { findHost } from "../commands/host-show.ts"
import { printJson } from "../say.ts"
import { checkRecordFolder, writeRecord } from "./write-record.ts"

const KINDS: Readonly<Record<string, readonly [one: string, several: string]>> = {
  serial: ["serial number", "serial numbers"],
  uuid: ["UUID", "UUIDs"],
  name: ["name", "names"],
  mac: ["MAC address", "MAC addresses"],
  ipv4: ["IPv4 address", "IPv4 addresses"],
  ipv6: ["IPv6 address", "IPv6 addresses"],
  text: ["text of a program", "texts of programs"],
}

/** `doctor HOST --record DIR`: what the Mac's commands print, masked, as a folder that `windfall facts` reads. */
export async function recordHost(cli: Cli, name: string, given: string, isJson: boolean): Promise<number> {
  const folder = path.resolve(cli.cwd, given)
  checkRecordFolder(folder)
  const host = await findHost(cli, name)
  if (host.facts !== null && host.facts.platform !== "darwin") {
    throw new WindfallError("wrong_state", `Cannot record ${host.name}: it is no Mac`, {
      hint: "What Windfall reads of a Linux host are no commands' outputs",
    })
  }
  const recording = await cli.client.get<HostRecording>(`/v1/hosts/${host.id}/record`)
  const note = noteOf(recording)
  writeRecord(folder, recording, note)
  if (isJson) {
    const { files, masked, leftOut, takenAt } = recording
    await printJson(cli, { folder, takenAt, files: files.length, masked, leftOut })
  } else
    await cli.stdout.write(`${recording.files.length} files are in ${folder}\n\n${note}\n  windfall facts ${given}\n`)
  return 0
}

function noteOf({ masked, leftOut, takenAt }: HostRecording): string {
  const parts = Object.entries(KINDS).flatMap(([kind, [one, several]]) => {
    const count = masked[kind] ?? 0
    return count === 0 ? [] : [`  ${count} ${count === 1 ? one : several}`]
  })
  const left = leftOut.map((file) => `  ${file}`)
  return [
    `What the commands of one Mac printed at ${takenAt}, for Windfall.`,
    "",
    "These were masked, each the same everywhere:",
    ...(parts.length === 0 ? ["  nothing was found"] : parts),
    ...(left.length === 0 ? [] : ["", "Left out, as masks would have changed what they tell:", ...left]),
    "",
    "Look before you send it. A program cannot know everything that tells of you: names of volumes,",
    "programs, network services and displays are in these files as far as they are not names of people.",
    "",
  ].join("\n")
}
