import { readFileSync } from "node:fs"
import { join } from "node:path"
import { OLDEST_MACOS } from "../../facts/macos-version.ts"
import { makeAccountLines } from "../../protocol/account-traits.ts"
import type { ServerId } from "../../protocol/ids.ts"
import { keyOf } from "../../protocol/key-line.ts"
import { TAKE_BACK } from "../../protocol/take-back.ts"
import { quote } from "../../ssh/remote-script.ts"
import { curlPin } from "../install/invite-line.ts"
import type { OpenReach } from "../install/reach.ts"

const TEMPLATE = join(import.meta.dirname, "join.sh")
/** What the account made for jobs is called. */
const ACCOUNT = "windfall"

/** The script by which an owner lends a machine to this server. @param publicLine what lets the server in */
export function joinScript(reach: OpenReach, publicLine: string, server: ServerId): string {
  const values: Readonly<Record<string, string>> = {
    url: reach.url,
    pin: curlPin(reach),
    line: publicLine,
    key: keyOf(publicLine),
    oldest: OLDEST_MACOS,
    account: ACCOUNT,
    make: makeAccountLines(ACCOUNT)
      .map(({ line }) => line)
      .join("\n"),
    server,
    take_back: TAKE_BACK,
  }
  return readFileSync(TEMPLATE, "utf8").replaceAll(/@(\w+)@/g, (whole, name: string) => {
    const value = values[name]
    return value === undefined ? whole : quote(value)
  })
}
