import { existsSync, readFileSync } from 'node:fs';
import { dirname, relative, resolve } from 'node:path';
import apiSidebar from '../api/typedoc-sidebar.json' with { type: 'json' };

const ROOT = resolve(import.meta.dirname, '../..');
const DOCS = resolve(ROOT, 'docs');
const { repository } = JSON.parse(readFileSync(resolve(ROOT, 'package.json'), 'utf8'));
const REPOSITORY = repository.url.replace(/^git\+|\.git$/g, '');

/** The pages in the order in which a newcomer reads them. */
const GUIDE = [
  ['Getting started', 'getting-started'],
  ['Sending', 'sending'],
  ['Bulk and campaigns', 'bulk-and-campaigns'],
  ['Delivery reports', 'delivery-reports'],
  ['Errors', 'errors'],
  ['Testing', 'testing'],
  ['Monitoring', 'monitoring'],
  ['The service', 'service'],
  ['Operations', 'operations'],
];
const VERIFICATION = [
  ['Guide', 'verification'],
  ['Security', 'verification-security'],
  ['Operations', 'verification-operations'],
];
const DESIGN = [
  ['Delivery semantics', 'delivery-semantics'],
  ['Architecture', 'architecture'],
  ['Performance', 'performance'],
  ['Decisions', 'decisions/README'],
];
const items = (pages) => pages.map(([text, page]) => ({ text, link: `/${page}` }));

/** @type {import('vitepress').UserConfig} */
export default {
  title: 'nestjs-laaffic',
  description: 'SMS through Laaffic for NestJS: an honest outcome for every recipient, and nothing is sent twice',
  cleanUrls: true,
  srcExclude: ['node_modules/**'],
  themeConfig: {
    search: { provider: 'local' },
    outline: [2, 3],
    nav: [
      { text: 'Guide', link: '/getting-started' },
      { text: 'API', link: '/api/' },
    ],
    sidebar: {
      '/api/': apiSidebar,
      '/': [
        { text: 'Guide', items: items(GUIDE) },
        { text: 'Phone verification', items: items(VERIFICATION) },
        { text: 'Design', items: items(DESIGN) },
      ],
    },
    socialLinks: [{ icon: 'github', link: REPOSITORY }],
  },
  markdown: {
    config: (md) => {
      md.core.ruler.push('links-out-of-docs', (state) => {
        for (const token of state.tokens) for (const child of token.children ?? []) point(child, state.env.path);
      });
    },
  },
};

/** Links to files beside `docs` lead to the repository. A file that does not exist fails the build. */
function point(token, page) {
  const href = token.type === 'link_open' ? (token.attrGet('href') ?? '') : '';
  if (!href.startsWith('.')) return;
  const [path = '', hash] = href.split('#');
  const file = resolve(dirname(page), path);
  if (file.startsWith(`${DOCS}/`)) return;
  if (!existsSync(file)) throw new Error(`${relative(ROOT, page)} links to ${href}, which does not exist`);
  token.attrSet('href', `${REPOSITORY}/blob/main/${relative(ROOT, file)}${hash === undefined ? '' : `#${hash}`}`);
}
