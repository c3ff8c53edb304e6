/**
 * Compiles the packages for processes outside Jest, once in a run.
 * @param root the folder of the workspace
 * @returns the program of such a process
 */
export function compilePackages(root: string): string;
