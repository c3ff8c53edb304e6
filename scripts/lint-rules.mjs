const noExpectInCatch = {
  create: (context) => ({
    'CatchClause CallExpression[callee.name="expect"]'(node) {
      // It would pass if nothing was thrown.
      context.report({ node, message: 'Use `await expect(…).rejects` instead of `expect` in a catch block.' });
    },
  }),
};

/** Rules of this project for oxlint. */
export default { meta: { name: 'project' }, rules: { 'no-expect-in-catch': noExpectInCatch } };
