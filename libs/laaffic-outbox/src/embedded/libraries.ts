import { lstat, mkdir, readFile, symlink } from 'node:fs/promises';
import { basename, dirname, join, relative } from 'node:path';

/** A symlink of the package, relative to the package's folder: `native/lib/libpq.so.5.18`, `native/lib/libpq.so.5`. */
interface Link {
  readonly source: string;
  readonly target: string;
}

/**
 * Creates the symlinks between libraries. npm packages cannot contain symlinks, and the postinstall script that creates
 * them may not run. If the package is read-only, they go into `spare`.
 * @returns the folders to search for libraries besides the binaries' own. Usually none.
 */
export async function linkLibraries(native: string, spare: string): Promise<readonly string[]> {
  const root = dirname(native);
  const links = await readLinks(native);
  const missing: Link[] = [];
  for (const link of links) if (!(await exists(join(root, link.target)))) missing.push(link);
  try {
    for (const { source, target } of missing) {
      const path = join(root, target);
      await link(relative(dirname(path), join(root, source)), path);
    }
    return [];
  } catch {
    await mkdir(spare, { recursive: true, mode: 0o755 });
    for (const { source, target } of missing) await link(join(root, source), join(spare, basename(target)));
    return [spare, join(native, 'lib')];
  }
}

async function readLinks(native: string): Promise<readonly Link[]> {
  try {
    return JSON.parse(await readFile(join(native, 'pg-symlinks.json'), 'utf8')) as Link[];
  } catch {
    // Windows needs no symlinks, so the file is missing.
    return [];
  }
}

async function exists(path: string): Promise<boolean> {
  return lstat(path).then(
    () => true,
    () => false,
  );
}

/** Several processes may do this at once. */
async function link(source: string, path: string): Promise<void> {
  await symlink(source, path).catch((error: unknown) => {
    if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
  });
}
