"""Which other images would show the same? Moves and mirrors, each image by itself. Rule: tensors in, tensors out."""

import torch
from torch.nn.functional import pad


def shifted_and_mirrored(x: torch.Tensor, shift: int, flip: bool, generator: torch.Generator) -> torch.Tensor:
    """Images (n, channels, height, width) moved and mirrored at random, each by itself.

    `shift`: by up to that many pixels up, down, left and right, uniformly, what is uncovered being zero. `flip`:
    mirrored left to right with probability one half. Drawn from `generator`, one of the CPU, whatever device x is on.

    >>> x = torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> torch.equal(shifted_and_mirrored(x, 0, False, torch.Generator()), x)
    True
    """
    n, _, h, w = x.shape
    if shift:
        dy, dx = torch.randint(2 * shift + 1, (2, n, 1), generator=generator).to(x.device, non_blocking=True)
        rows = (dy + torch.arange(h, device=x.device))[:, None, :, None]  # (n, 1, h, 1)
        cols = (dx + torch.arange(w, device=x.device))[:, None, None, :]  # (n, 1, 1, w)
        each = torch.arange(n, device=x.device)[:, None, None, None]
        channels = torch.arange(x.shape[1], device=x.device)[None, :, None, None]
        x = pad(x, (shift,) * 4)[each, channels, rows, cols]
    if flip:
        mirrored = (torch.rand(n, generator=generator) < 0.5).to(x.device, non_blocking=True)[:, None, None, None]
        x = torch.where(mirrored, x.flip(-1), x)
    return x
