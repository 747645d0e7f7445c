import assert from "node:assert/strict"
import { test } from "node:test"
import { ScratchFolder } from "../../../test/support/scratch-folder.ts"
import { missingScript } from "./missing-script.ts"

test("a script of python's that is not in the folder is named, with what is most like it", () => {
  using scratch = new ScratchFolder()
  const root = scratch.write({ "train.py": "", "train.sh": "", "src/evaluate.py": "", "src/sub/x": "" }, "folder")
  const cases: [command: string, workingFolder: string, line: string | null][] = [
    ["python train.py", "", null],
    ["python trian.py --epochs 3", "", "trian.py is not in this folder; train.py is"],
    ["python3 src/evalute.py", "", "src/evalute.py is not in this folder; src/evaluate.py is"],
    ["python evalute.py", "src", "evalute.py is not in this folder; evaluate.py is"],
    ["python ../train.py", "src", null],
    ["python ../trian.py", "src", "../trian.py is not in this folder; ../train.py is"],
    ["python made-by-setup.py", "", "made-by-setup.py is not in this folder"],
    ["python nowhere/x.py", "", "nowhere/x.py is not in this folder"],
    ["python /opt/x.py", "", null],
    ["python ../x.py", "", null],
    ["python -m trian", "", null],
    ["cat trian.py", "", null],
  ]
  for (const [command, workingFolder, line] of cases) {
    assert.equal(missingScript(command.split(" "), root, workingFolder), line, command)
  }
  assert.equal(missingScript(["sh", "-c", "cd src && python evaluate.py"], root, ""), null)
})
