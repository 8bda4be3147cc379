import { GatewayError } from '../../common/errors/gateway-error.js';
import type { OpencodeFiles } from '../../common/opencode/opencode.files.js';
import { RemoteTree } from './remote-tree.js';

describe('the files of a remote OpenCode', () => {
  it('cannot be searched when its search fails for every pattern', async () => {
    const failed = (): Promise<never> => Promise.reject(new GatewayError('INTERNAL', 'OpenCode failed', { reason: 'OPENCODE_FAILED' }));
    const tree = new RemoteTree({ findText: failed } as unknown as OpencodeFiles, '/srv/work', 1_000);

    await expect(tree.search('right', 10)).rejects.toMatchObject({ code: 'FAILED_PRECONDITION', reason: 'RIPGREP_MISSING' });
  });
});
