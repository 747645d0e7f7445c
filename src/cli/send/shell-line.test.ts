import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { shellLineNote } from "./shell-line.ts"

test("a line for a shell that none would read is pointed out, with the line that works", () => {
  using project = new ScratchFolder()
  project.write({ "my tool": "" })
  const note = (...command: string[]) => shellLineNote(command, project.path)
  assert.match(note("ls -la | wc") ?? "", /^"ls -la \| wc" is taken .*: windfall send -- sh -c 'ls -la \| wc'$/)
  for (const line of ["make&&true", "a>b", "echo $HOME", "cat *.txt"]) assert.notEqual(note(line), undefined, line)
  for (const command of [["ls", "-la | wc"], ["./run.sh"], ["my tool"], ["caf\u00e9"]])
    assert.equal(note(...command), undefined)
  assert.notEqual(shellLineNote(["my tool"], null), undefined)
})
