import assert from "node:assert/strict"
import { execFileSync } from "node:child_process"
import { chmodSync, chownSync, existsSync, mkdirSync, readdirSync, symlinkSync, writeFileSync } from "node:fs"
import { describe, it } from "node:test"
import { ScratchFolder } from "../../test/support/scratch-folder.ts"
import { LAST_DAYS_FILE, NOW_FILE, OWNER_BUTTONS } from "../presence/owner-folder.ts"
import { REQUEST_FOLDER } from "../protocol/owner-request.ts"
import { LEAVE_SCRIPT } from "./remote-script.ts"

const ROOT = process.getuid?.() === 0
const ANNA = 5001
const OURS = [NOW_FILE, LAST_DAYS_FILE, ...Object.values(OWNER_BUTTONS)]

class Account extends ScratchFolder {
  constructor() {
    super()
    mkdirSync(this.at("home", "windfall", "servers"), { recursive: true })
    mkdirSync(this.at("Windfall", REQUEST_FOLDER), { recursive: true })
    for (const name of OURS) writeFileSync(this.at("Windfall", name), "ours")
    writeFileSync(this.at("Windfall", REQUEST_FOLDER, "a.request"), "")
    const script = LEAVE_SCRIPT.replaceAll("/Users/Shared/Windfall", this.at("Windfall"))
    writeFileSync(this.at("home", "windfall", "leave"), script)
  }

  leave(): string {
    const env = { HOME: this.at("home"), PATH: process.env.PATH }
    return execFileSync("/bin/sh", [this.at("home", "windfall", "leave"), "--yes"], { env, encoding: "utf8" })
  }
}

describe("leave.sh and the owner's folder", () => {
  it("removes its own", () => {
    using account = new Account()
    assert.match(account.leave(), /^ {2}the owner's folder( \(|$)/m)
    assert.deepEqual([existsSync(account.at("Windfall")), existsSync(account.at("home", "windfall"))], [false, false])
  })

  it("removes its own files from one that another account made", {
    skip: ROOT ? false : "only root can write as others",
  }, () => {
    using account = new Account()
    chownSync(account.at("Windfall"), ANNA, ANNA)
    chmodSync(account.at("Windfall"), 0o1777)
    writeFileSync(account.at("Windfall", "hers.txt"), "hers")
    chownSync(account.at("Windfall", NOW_FILE), ANNA, ANNA)
    assert.match(account.leave(), /^ {2}the owner's folder( \(|$)/m)
    assert.deepEqual(readdirSync(account.at("Windfall")).sort(), [NOW_FILE, "hers.txt"])
  })

  it("removes what was moved aside and holds nothing, follows none of it, and keeps what somebody wrote", () => {
    using account = new Account()
    const moved = (number: number) => account.at(`Windfall (moved ${number})`)
    writeFileSync(account.at("other.txt"), "other")
    symlinkSync(account.at("other.txt"), moved(1))
    symlinkSync(account.at("nowhere"), moved(2))
    writeFileSync(moved(3), "")
    execFileSync("mkfifo", [moved(4)])
    writeFileSync(moved(5), "hers")
    mkdirSync(moved(6))
    const said = account.leave()
    assert.deepEqual(readdirSync(account.path).sort(), [
      "Windfall (moved 5)",
      "Windfall (moved 6)",
      "home",
      "other.txt",
    ])
    assert.ok(
      said.includes(`Kept, as it is not Windfall's, and may be somebody's: '${moved(5)}' '${moved(6)}'\n`),
      said,
    )
  })

  it("leaves what another account has put there under such a name", {
    skip: ROOT ? false : "only root can write as others",
  }, () => {
    using account = new Account()
    writeFileSync(account.at("Windfall (moved 1)"), "")
    chownSync(account.at("Windfall (moved 1)"), ANNA, ANNA)
    assert.doesNotMatch(account.leave(), /Kept/)
    assert.ok(existsSync(account.at("Windfall (moved 1)")))
  })

  it("follows no link", () => {
    using account = new Account()
    const { path } = account
    execFileSync("/bin/mv", [account.at("Windfall"), account.at("elsewhere")])
    symlinkSync(`${path}/elsewhere`, account.at("Windfall"))
    account.leave()
    assert.deepEqual(readdirSync(account.at("elsewhere")).sort(), [REQUEST_FOLDER, ...OURS].sort())
  })
})
