import assert from "node:assert/strict"
import { writeFileSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import { refused } from "../../../test/support/hub-scene.ts"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { tokenFile } from "./token-file.ts"

test("a file for the hub's token is refused at once where it has none, with its path and without what is in it", () => {
  using scratch = new ScratchFolder()
  const cli = { cwd: scratch.path }
  const put = (text: string) => writeFileSync(join(scratch.path, "token"), text)
  assert.throws(() => tokenFile(cli, "/no/such"), refused("file_not_found", /from \/no\/such: /, /--hub-token-file/))
  put("hf_one hf_two\n")
  assert.throws(
    () => tokenFile(cli, "token"),
    (error: Error) =>
      /it is none/.test(error.message) && error.message.includes(scratch.path) && !/hf_/.test(error.message),
  )
  put("hf_one\n")
  assert.equal(tokenFile(cli, "token"), join(scratch.path, "token"))
})
