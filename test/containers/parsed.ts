import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DockerfileParser, type From } from 'dockerfile-ast';
import { parse } from 'yaml';

export const ROOT = join(__dirname, '../..');

export interface ComposeService {
  readonly image?: string;
  readonly build?: { readonly context: string; readonly target: string };
  readonly command?: readonly string[];
  readonly environment?: Readonly<Record<string, string>>;
  readonly ports?: readonly string[];
  readonly depends_on?: Readonly<Record<string, { readonly condition: string }>>;
  readonly stop_grace_period?: string;
  readonly init?: boolean;
  readonly read_only?: boolean;
  readonly cap_drop?: readonly string[];
  readonly security_opt?: readonly string[];
  readonly healthcheck?: { readonly test: readonly string[] };
}

export interface Compose {
  readonly services: Readonly<Record<'notifications' | 'sandbox' | 'postgres', ComposeService>>;
}

/** `compose.yaml` as an engine reads it, with variables of the environment put in. */
export function readCompose(env: Readonly<Record<string, string>> = {}): Compose {
  const text = readFileSync(join(ROOT, 'compose.yaml'), 'utf8');
  return parse(text, {
    merge: true,
    reviver: (_, value: unknown) => (typeof value === 'string' ? fill(value, env) : value),
  }) as Compose;
}

/** `${NAME:-default}` and `${NAME}`, all that the file uses. */
function fill(text: string, env: Readonly<Record<string, string>>): string {
  return text.replace(/\$\{(\w+)(?::-([^}]*))?\}/g, (_, name: string, fallback: string = '') => env[name] || fallback);
}

/** One instruction of a stage: `RUN`, and all that follows it. */
export interface Instruction {
  readonly keyword: string;
  readonly flags: Readonly<Record<string, string>>;
  readonly text: string;
}

/** What is built from an image, or from another stage. */
export interface Stage {
  readonly name: string;
  readonly from: string;
  readonly instructions: readonly Instruction[];
}

/** The stages of the `Dockerfile`, in order. */
export function readDockerfile(): Stage[] {
  const parsed = DockerfileParser.parse(readFileSync(join(ROOT, 'Dockerfile'), 'utf8'));
  const stages: { name: string; from: string; instructions: Instruction[] }[] = [];
  for (const instruction of parsed.getInstructions()) {
    const keyword = instruction.getKeyword();
    if (keyword === 'FROM') {
      const from = instruction as From;
      stages.push({ name: from.getBuildStage() ?? '', from: from.getImage() ?? '', instructions: [] });
    } else {
      const flags = (instruction as Partial<From>).getFlags?.() ?? [];
      stages.at(-1)?.instructions.push({
        keyword,
        flags: Object.fromEntries(flags.map((flag) => [flag.getName(), flag.getValue() ?? ''] as const)),
        text: instruction.getRawArgumentsContent() ?? '',
      });
    }
  }
  return stages;
}
