import assert from "node:assert/strict"
import { test } from "node:test"
import type { JobId } from "./ids.ts"
import { type EndedJob, jobHints } from "./job-hints.ts"
import { KNOWN_ERRORS } from "./known-errors.ts"

const FAILED: EndedJob = {
  id: 12 as JobId,
  state: "failed",
  cause: "exited",
  exitCode: 1,
  signal: null,
  onMac: true,
  spec: { kind: "task", secrets: [] },
}

const codes = (text: string, change: Partial<EndedJob> = {}) =>
  jobHints({ ...FAILED, ...change }, text.split("\n")).map(({ code }) => code)

/** What a program prints, the code it is known by, and how the job ended where that matters. */
const KNOWN: readonly (readonly [text: string, code: string, end?: Partial<EndedJob>])[] = [
  [
    "libc++abi: terminating: [METAL] Command buffer execution failed: Impacting Interactivity (0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)",
    "gpu_watchdog",
    { cause: "signalled", exitCode: null, signal: 6 },
  ],
  [
    "[METAL] Command buffer execution failed: Caused GPU Timeout Error (00000002:kIOGPUCommandBufferCallbackErrorTimeout).",
    "gpu_watchdog",
  ],
  [
    "ggml_metal_synchronize: error: command buffer 0 failed with status 5\nerror: Insufficient Memory (00000008:kIOGPUCommandBufferCallbackErrorOutOfMemory)",
    "gpu_memory",
  ],
  [
    "RuntimeError: MPS backend out of memory (MPS allocated: 17.2 GB, other allocations: 1.1 GB, max allowed: 18.1 GB). Tried to allocate 512 MB on private pool.",
    "gpu_memory",
  ],
  [
    "[METAL] Command buffer execution failed: Caused GPU Hang Error (00000003:kIOGPUCommandBufferCallbackErrorHang)",
    "gpu_watchdog",
  ],
  [
    "RuntimeError: [metal::malloc] Attempting to allocate 40265318400 bytes which is greater than the maximum allowed buffer size of 22613000192 bytes.",
    "gpu_buffer",
  ],
  [
    "[METAL] Command buffer execution failed: Caused GPU Address Fault Error (0000000b:kIOGPUCommandBufferCallbackErrorPageFault)",
    "gpu_fault",
  ],
  [
    "error: Ignored (for causing prior/excessive GPU errors) (00000004:kIOGPUCommandBufferCallbackErrorSubmissionsIgnored)",
    "gpu_victim",
  ],
  [
    "error: Innocent Victim of GPU Error/Recovery (00000005:kIOGPUCommandBufferCallbackErrorInnocentVictim)",
    "gpu_victim",
  ],
  ["RuntimeError: [metal::load_device] No Metal device available. This may be a headless machine.", "gpu_hidden"],
  [
    "NotImplementedError: The operator 'aten::_linalg_eigh.eigenvalues' is not currently implemented for the MPS device. If you want it, say so.",
    "gpu_operator",
  ],
  [
    "TypeError: Cannot convert a MPS Tensor to float64 dtype as the MPS framework doesn't support float64. Please use float32 instead.",
    "gpu_float64",
  ],
  ["    raise AssertionError(...)\nAssertionError: Torch not compiled with CUDA enabled", "cuda"],
  ["RuntimeError: Attempting to deserialize object on a CUDA device but torch.cuda.is_available() is False.", "cuda"],
  ["train.sh: line 3: nvidia-smi: command not found", "nvidia_smi", { exitCode: 127 }],
  ["windfall: nvidia-smi: command not found on this host (PATH=/usr/bin)", "nvidia_smi", { exitCode: 127 }],
  ["Traceback (most recent call last):\nModuleNotFoundError: No module named 'numpy.linalg'", "module_missing"],
  ["/opt/lab/bin/python3: No module named pytest", "module_missing"],
  [
    "huggingface_hub.errors.GatedRepoError: 401 Client Error. (Request ID: Root=1)\nCannot access gated repo for url https://huggingface.co/lab/model/resolve/main/config.json.",
    "gated_repository",
  ],
  ["OSError: You are trying to access a gated repo.", "gated_repository"],
  ["windfall: pip: command not found on this host (PATH=/usr/bin)", "pip_missing", { exitCode: 127 }],
  ["windfall: pytest: command not found on this host (PATH=/usr/bin)", "program_missing", { exitCode: 127 }],
  ["PermissionError: [Errno 13] Permission denied: 'data/mnist/x.npy'", "data_read_only"],
  ["PermissionError: [Errno 13] Permission denied: '/h/attempts/3/work/data/mnist/x.npy'", "data_read_only"],
  [
    "urllib.error.URLError: <urlopen error [SSL: CERTIFICATE_VERIFY_FAILED] certificate verify failed: self-signed>",
    "certificate",
  ],
  ["MemoryError", "memory_refused"],
  ["numpy._core._exceptions._ArrayMemoryError: Unable to allocate 7.28 TiB for an array", "memory_refused"],
  [
    "requests.exceptions.HTTPError: 401 Client Error: Unauthorized for url: https://huggingface.co/api/models/lab/x",
    "hugging_face_login",
  ],
  ["wandb: ERROR api_key not configured (no-tty). call wandb.login(key=[your_api_key])", "wandb_login"],
  ["wandb.errors.errors.UsageError: No API key configured. Use `wandb login` to log in.", "wandb_login"],
  ["PermissionError: [Errno 1] Operation not permitted: '/Volumes/Lab Data/set.npz'", "privacy"],
  ["ls: /Users/lena/Documents: Operation not permitted", "privacy"],
  ["OSError: [Errno 65] No route to host", "local_network"],
  ["ssh: connect to host nas.local port 22: No route to host", "local_network", { exitCode: 255 }],
  ["socket.gaierror: [Errno 8] nodename nor servname provided, or not known", "unknown_host"],
  ["curl: (6) Could not resolve host: data.example.org", "unknown_host", { exitCode: 6 }],
  ["zsh: bad CPU type\n./solver: Bad CPU type in executable", "wrong_processor", { exitCode: 126 }],
  ["sh: ./solver: cannot execute binary file", "wrong_system", { exitCode: 126 }],
  ["zsh: illegal hardware instruction  python train.py", "illegal_instruction", { exitCode: 132 }],
  [
    "xcrun: error: invalid active developer path (/Library/Developer/CommandLineTools), missing xcrun",
    "developer_tools",
  ],
  ["windfall: python: command not found on this host (PATH=/usr/bin:/bin)", "python_missing", { exitCode: 127 }],
  ["/bin/sh: ffmpeg: command not found", "command_missing", { exitCode: 127 }],
  ["sh: 1: ffmpeg: not found", "command_missing", { exitCode: 127 }],
  ["sh: ./train.sh: Permission denied", "not_executable", { exitCode: 126 }],
  ["OSError: [Errno 28] No space left on device: 'checkpoint.pt'", "disk_full"],
  ["cp: results.bin: No space left on device", "disk_full"],
  ["OSError: [Errno 48] Address already in use", "address_in_use"],
  ["Error: listen EADDRINUSE: address already in use :::8888", "address_in_use"],
  [
    "        An attempt has been made to start a new process before the\n        current process has finished its bootstrapping phase.",
    "spawn_guard",
  ],
  ["FileNotFoundError: [Errno 2] No such file or directory: 'data/train.csv'", "file_missing"],
  ["OSError: [Errno 24] Too many open files: 'shard-00311.npz'", "too_many_files"],
]

for (const [text, code, end] of KNOWN) {
  test(`${code}: ${text.slice(-60)}`, () => {
    assert.deepEqual(codes(`epoch 3\n${text}`, end), [code])
  })
}

test("every known error has a text in this test, and says its meaning and a way on", () => {
  assert.deepEqual(
    KNOWN_ERRORS.map(({ code }) => code).filter((code) => !KNOWN.some(([, known]) => known === code)),
    [],
  )
  for (const [text, , end] of KNOWN) {
    for (const { meaning, fix } of jobHints({ ...FAILED, ...end }, text.split("\n"))) {
      assert.doesNotMatch(meaning, /\.$/)
      assert.doesNotMatch(meaning + fix, /undefined|\n/)
      assert.doesNotMatch(fix, /\.$/)
    }
  }
})

test("a hint names what it is about", () => {
  const [missing] = jobHints(FAILED, ["ModuleNotFoundError: No module named 'sklearn'"])
  assert.match(missing?.meaning ?? "", /no module sklearn\b/)
  assert.match(missing?.fix ?? "", /windfall send --with scikit-learn$/)
  const [away] = jobHints(FAILED, ["(0000000e:kIOGPUCommandBufferCallbackErrorImpactingInteractivity)"])
  assert.match(away?.fix ?? "", /windfall rerun 12\b/)
  const [memory] = jobHints({ ...FAILED, cause: "out_of_memory", exitCode: null, signal: 9 }, [])
  assert.match(memory?.fix ?? "", /with --memory; what it held: windfall show 12$/)
})

test("a missing python is answered with a whole line to type", () => {
  const text = "windfall: python3: command not found on this host (PATH=/usr/bin:/bin)"
  const [hint] = jobHints({ ...FAILED, exitCode: 127 }, [text])
  assert.match(hint?.fix ?? "", /^windfall send --python 3\.12 -- python3 SCRIPT, .*--with/)
})

test("at most two are told, and of one thing said twice the last time counts", () => {
  const three = [
    "FileNotFoundError: [Errno 2] No such file or directory: 'old.csv'",
    "ModuleNotFoundError: No module named 'first'",
    "ModuleNotFoundError: No module named 'second'",
    "MPS backend out of memory (MPS allocated: 1 GB)",
  ]
  const found = jobHints(FAILED, three)
  assert.deepEqual(
    found.map(({ code }) => code),
    ["gpu_memory", "module_missing"],
  )
  assert.match(found[1]?.meaning ?? "", /second/)
})

test("ordinary output gives none, nor does a job that did not fail by itself", () => {
  const ordinary = [
    "epoch 1/80 loss 1.19 accuracy 88.4 %",
    "warning: no module named foo was asked for, going on",
    "HTTP 401 Client Error handling is tested here",
    "the command not found page was rendered",
    "memory: 3.1 GB of 48 GB; address in use map written",
    "No route to host planning is done in route_to_host.py",
    "retrying: permission denied for user lena on table runs",
    "AssertionError: 3 != 4",
    "ValueError: could not convert string to float: 'No space left'",
    "FileNotFoundError: [Errno 2] No such file or directory: '/etc/lab.conf'",
    "MPS is available, CUDA is not, nvidia-smi is not looked for",
    `x${"ModuleNotFoundError: No module named 'long'".padStart(5_000, "y")}`,
  ].join("\n")
  for (const exitCode of [1, 2, 126, 127]) assert.deepEqual(codes(ordinary, { exitCode }), [], `exit code ${exitCode}`)
  const telling = "ModuleNotFoundError: No module named 'numpy'"
  assert.deepEqual(codes(telling, { state: "succeeded", exitCode: 0 }), [])
  assert.deepEqual(codes(telling, { state: "cancelled", cause: "cancelled", exitCode: null }), [])
  assert.deepEqual(codes(telling, { cause: "link_lost", exitCode: null }), [])
  assert.deepEqual(codes(telling, { spec: { kind: "session", secrets: [] } }), [])
})

test("what means something on a Mac alone is told only there, and what was given is not asked for", () => {
  assert.deepEqual(codes("AssertionError: Torch not compiled with CUDA enabled", { onMac: false }), [])
  assert.deepEqual(codes("OSError: [Errno 65] No route to host", { onMac: false }), [])
  const wandb = "wandb: ERROR api_key not configured (no-tty). call wandb.login(key=[your_api_key])"
  assert.deepEqual(codes(wandb, { spec: { kind: "task", secrets: ["WANDB_API_KEY"] } }), [])
})
