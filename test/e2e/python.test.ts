import assert from "node:assert/strict"
import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { test } from "node:test"
import type { EnvironmentSpec } from "../../src/protocol/environment.ts"
import { noPythonIndex, UV_PATH } from "../support/python-index.ts"
import { ScratchFolder } from "../support/scratch-folder.ts"
import { usePool } from "../support/use-pool.ts"

const pool = usePool({ hosts: 1, local: 1 })
const skip = await noPythonIndex()

const PROJECT =
  '[project]\nname = "shown"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["iniconfig==2.0.0"]\n' +
  '[build-system]\nrequires = ["hatchling"]\nbuild-backend = "hatchling.build"\n'

const UV: EnvironmentSpec = { kind: "uv", files: [], python: null, with: [], setup: [] }

function send(project: ScratchFolder, ...args: string[]) {
  return pool().windfall(["send", "--host", "local1", ...args], { cwd: project.path })
}

test("a folder with requirements: the first job builds, the next starts at once, and nothing but its own files come home", {
  skip,
}, async () => {
  using project = new ScratchFolder()
  project.write({
    "requirements.txt": "iniconfig==2.0.0\n",
    "show.py": "import iniconfig, sys; print(iniconfig.IniConfig.__name__, sys.prefix); open('made', 'w').close()\n",
  })
  const root = pool().scratch.at("local1")
  assert.equal(existsSync(join(root, UV_PATH)), false)
  const first = await send(project, "--", "python", "show.py")
  assert.equal(first.exitCode, 0, first.stderr)
  assert.match(first.stdout, /^IniConfig .*\/environments\/[0-9a-f]{32}\/venv\n/)
  assert.match(first.stderr, /^windfall: environment: requirements\.txt\n/)
  assert.match(first.stderr, /building the Python environment from requirements\.txt/)
  assert.match(first.stderr, /1 file came home/)
  const second = await send(project, "--", "python3", "show.py")
  assert.equal(second.exitCode, 0, second.stderr)
  assert.equal(second.stdout, first.stdout)
  assert.doesNotMatch(second.stderr, /building/)
  const off = await send(project, "--no-environment", "-q", "--", "sh", "-c", 'echo "$VIRTUAL_ENV"')
  assert.equal(off.stdout, "\n")
})

test("uv comes over ssh to a host that needs it, once, and no other on its PATH is run", { skip }, async () => {
  const [host] = pool().hosts
  assert.ok(host)
  const tool = join(host.files, ".windfall", UV_PATH)
  assert.equal(existsSync(tool), false)
  const jobs = await Promise.all([1, 2].map(() => pool().submit({ command: ["true"], host: "host1", environment: UV })))
  for (const { id } of jobs) assert.equal((await pool().awaitJob(id)).state, "succeeded")
  const { mtimeMs } = statSync(tool)
  const { id } = await pool().submit({ command: ["uv", "--version"], host: "host1", environment: UV })
  assert.equal((await pool().awaitJob(id)).state, "succeeded")
  assert.match((await pool().log(id)).toString(), /^uv 0\.13\.9/)
  assert.equal(statSync(tool).mtimeMs, mtimeMs)
})

test("a locked project runs with its own sources; a lock that does not fit is refused in words", { skip }, async () => {
  using project = new ScratchFolder()
  project.write({ "pyproject.toml": PROJECT, "src/shown/__init__.py": "import iniconfig\nprint(iniconfig.__name__)\n" })
  // uv itself comes with the job that makes its own environment.
  const locked = await send(project, "-q", "-o", "uv.lock", "--", "uv", "lock")
  assert.equal(locked.exitCode, 0, locked.stderr)
  const good = await send(project, "--with", "six", "--", "python", "-c", "import shown, six, os; print(os.listdir())")
  assert.equal(good.exitCode, 0, good.stderr)
  assert.match(good.stderr, /environment: uv\.lock, Python >=3\.9, with six/)
  assert.match(good.stdout, /^iniconfig\n/)
  assert.doesNotMatch(good.stdout, /\.venv/)
  project.write({ "pyproject.toml": PROJECT.replace('"iniconfig', '"six", "iniconfig') })
  const bad = await send(project, "--", "python", "-c", "import shown")
  assert.equal(bad.exitCode, 125)
  assert.match(bad.stderr, /uv\.lock does not fit pyproject\.toml\. Type uv lock/)
})

test("a workspace of several packages: all that its lock names, and its own packages from where they are", {
  skip,
}, async () => {
  using project = new ScratchFolder()
  const [head] = PROJECT.split("dependencies")
  const build = PROJECT.slice(PROJECT.indexOf("[build"))
  project.write({
    "pyproject.toml": '[tool.uv.workspace]\nmembers = ["packages/*"]\n',
    "packages/a/pyproject.toml": `${head?.replace("shown", "a")}dependencies = ["b"]\n${build}[tool.uv.sources]\nb = { workspace = true }\n`,
    "packages/a/a/__init__.py": "import b\n",
    "packages/b/pyproject.toml": PROJECT.replace("shown", "b"),
    "packages/b/src/b/__init__.py": "import iniconfig\nprint(iniconfig.__name__)\n",
  })
  const locked = await send(project, "-q", "-o", "uv.lock", "--", "uv", "lock")
  assert.equal(locked.exitCode, 0, locked.stderr)
  const job = await send(project, "--", "python", "-c", "import a")
  assert.deepEqual([job.exitCode, job.stdout], [0, "iniconfig\n"], job.stderr)
  const stale = '[project]\nname = "b"\nversion = "1"\nrequires-python = ">=3.9"\ndependencies = ["six"]\n'
  project.write({ "packages/b/pyproject.toml": stale })
  const bad = await send(project, "--", "python", "-c", "import a")
  assert.match(bad.stderr, /uv\.lock does not fit pyproject\.toml\. Type uv lock/)
})

test("a project without a lock, and a script with its own metadata", { skip }, async () => {
  using project = new ScratchFolder()
  project.write({
    "pyproject.toml": `${PROJECT.slice(0, PROJECT.indexOf("[build"))}[dependency-groups]\ndev = ["six"]\n`,
    "x.py": '# /// script\n# dependencies = ["attrs"]\n# ///\nimport attrs\nprint(attrs.__name__)\n',
  })
  const plain = await send(project, "--", "python", "-c", "import iniconfig, six; print(six.__name__)")
  assert.equal(plain.stdout, "six\n", plain.stderr)
  const script = await send(project, "--", "sh", "-c", "python x.py && ls")
  assert.match(script.stderr, /environment: x\.py\n/)
  assert.equal(script.stdout, "attrs\npyproject.toml\nx.py\n", script.stderr)
})

test("each user has a home of their own; downloads are shared", async () => {
  const token = await pool().addUser("lena")
  const command = ["sh", "-c", 'echo "$HOME $UV_CACHE_DIR"; echo mine > "$HOME/note"; ls "$HOME"']
  const homes: string[] = []
  for (const options of [{}, { token }]) {
    const { id } = await pool().submit({ command, host: "local1" }, options)
    await pool().awaitJob(id)
    const [line = "", ...files] = (await pool().log(id)).toString().trim().split("\n")
    assert.deepEqual(files, ["note"])
    homes.push(line)
  }
  const base = join(pool().scratch.at("local1"), "servers", pool().server.id)
  assert.deepEqual(homes, [`${base}/homes/admin ${base}/shared/uv`, `${base}/homes/lena ${base}/shared/uv`])
  assert.deepEqual(readdirSync(join(base, "homes")).sort(), ["admin", "lena"])
})

test("what no environment can be made from is refused before anything is sent", async () => {
  using project = new ScratchFolder()
  project.write({ "requirements.txt": "-e .\n", "x.py": "" })
  for (const [args, said] of [
    [["--", "python", "x.py"], /line 1 installs a folder/],
    [["--python", "2.7", "--", "python", "x.py"], /Python 2\.7 is too old/],
    [["--with", "./lib", "--", "python", "x.py"], /a folder or file is not on the host/],
    [["--no-environment", "--python", "3.12", "--", "x"], /they say the opposite/],
  ] as const) {
    const { exitCode, stderr } = await send(project, ...args)
    assert.equal(exitCode, 2, stderr)
    assert.match(stderr, said)
  }
  await assert.rejects(
    pool().submit({
      command: ["x"],
      environment: { kind: "packages", files: ["../x"], python: null, with: [], setup: [] },
    }),
    {
      code: "invalid_input",
    },
  )
})

test("a server that is killed while a host waits for uv sends it after its restart", { skip }, async () => {
  rmSync(join(pool().scratch.at("local1"), "tools"), { recursive: true })
  rmSync(pool().scratch.at("cache/tools"), { recursive: true })
  const { id } = await pool().submit({ command: ["uv", "--version"], host: "local1", environment: UV })
  await pool().untilJob(id, ({ state }) => state !== "queued")
  await pool().server.kill9()
  await pool().server.start()
  const { state, attempts } = await pool().awaitJob(id)
  assert.deepEqual([state, attempts.length], ["succeeded", 1])
})

test("a host that leaves takes its environments along, read-only as they are", { skip }, async () => {
  const environment = { ...UV, kind: "packages" as const }
  const { id } = await pool().submit({ command: ["python", "--version"], host: "host1", environment })
  const job = await pool().awaitJob(id)
  assert.equal(job.state, "succeeded", job.reason ?? "")
  const base = join(pool().hosts[0]?.files ?? "", ".windfall/servers", pool().server.id)
  assert.equal(readdirSync(join(base, "environments")).filter((name) => !name.includes(".")).length, 1)
  await pool().untilHost("host1", () => readdirSync(join(base, "attempts")).length === 0)
  const gone = await pool().windfall(["host", "rm", "host1"])
  assert.equal(gone.exitCode, 0, gone.stderr)
  assert.equal(existsSync(base), false)
})
