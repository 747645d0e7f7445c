/** Programs that live in a Python environment and that people start by name, with the package that brings each. */
const PACKAGE_OF: Readonly<Record<string, string>> = {
  "huggingface-cli": "huggingface-hub",
  "jupyter-lab": "jupyterlab",
  "jupyter-notebook": "notebook",
  "lm-eval": "lm-eval",
  hf: "huggingface-hub",
  lm_eval: "lm-eval",
  ray: "ray[default]",
  torchrun: "torch",
}
const SAME_NAME: ReadonlySet<string> = new Set([
  ...["pytest", "ipython", "jupyter", "papermill", "nbconvert", "accelerate", "deepspeed", "lightning", "tensorboard"],
  ...[
    "wandb",
    "mlflow",
    "optuna",
    "dvc",
    "transformers",
    "streamlit",
    "gradio",
    "marimo",
    "flask",
    "uvicorn",
    "gunicorn",
  ],
  ...["fastapi", "snakemake", "kedro", "invoke", "tox", "nox", "mypy", "ruff", "black"],
])
/** `mlx_lm.generate` and others of Apple's. */
const MLX_PROGRAM = /^(mlx[._][a-z]*)\b/

/** The package that brings a program, as pip names it; `null` for one that is not known to live in a Python environment. */
export function packageOfProgram(program: string): string | null {
  if (Object.hasOwn(PACKAGE_OF, program)) return PACKAGE_OF[program] ?? null
  if (SAME_NAME.has(program)) return program
  return MLX_PROGRAM.exec(program)?.[1]?.replace(/[._]/, "-").replace(/-$/, "") ?? null
}
