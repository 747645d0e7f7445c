import { chownSync, existsSync, readFileSync, renameSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { setTimeout as sleep } from "node:timers/promises"
import {
  ANSWER_WITHIN_MS,
  answerName,
  type OwnerAnswer,
  type OwnerWish,
  REQUEST_FOLDER,
  readAnswer,
  requestName,
  requestText,
} from "../../../src/protocol/owner-request.ts"
import type { LabMac } from "./lab-mac.ts"

const LOOK_MS = 20

/** Says something at a Mac as one of its accounts, by a file in the owner's folder. Only root can give others files. */
export async function ownerSays(mac: LabMac, user: string, wish: OwnerWish): Promise<OwnerAnswer> {
  const uid = mac.state.accounts.find((one) => one.user === user)?.uid
  if (uid === undefined) {
    throw new Error(`There is no account ${user}: ${mac.state.accounts.map((one) => one.user).join(", ")}`)
  }
  if (process.getuid?.() !== 0) throw new Error("Only a lab that root has started can speak as others")
  const folder = join(mac.sharedFolder, "Windfall", REQUEST_FOLDER)
  if (!existsSync(folder)) throw new Error("No agent has made the owner's folder there")
  const id = crypto.randomUUID()
  const draft = join(folder, `.${id}`)
  writeFileSync(draft, requestText({ id, at: Date.now(), ...wish }), { mode: 0o644 })
  chownSync(draft, uid, uid)
  renameSync(draft, join(folder, requestName(id)))
  const answer = join(folder, answerName(id))
  for (let waitedMs = 0; waitedMs < ANSWER_WITHIN_MS; waitedMs += LOOK_MS) {
    const found = existsSync(answer) ? readAnswer(readFileSync(answer, "utf8")) : null
    if (found !== null) return found
    await sleep(LOOK_MS)
  }
  throw new Error("No agent answers there; what was said is kept until one does")
}

/** As it is typed: status, resume, leave, pause [END], rules RULE=VALUE... */
export function wishOf([verb = "", ...more]: readonly string[]): OwnerWish {
  switch (verb) {
    case "status":
    case "resume":
    case "leave":
      return { verb }
    case "pause":
      return more.length === 0 ? { verb, until: null } : { verb, end: more.join(" ") }
    case "rules":
      return {
        verb,
        rules: Object.fromEntries(more.map((word) => [word.split("=", 1)[0], word.slice(word.indexOf("=") + 1)])),
      }
    default:
      throw new Error(`It can be status, pause, resume, rules, leave, not "${verb}"`)
  }
}
