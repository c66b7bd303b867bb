"""Which other images would show the same? Moves and mirrors, each image by itself. Rule: tensors in, tensors out."""

import torch
from torch.nn.functional import pad

N_POSITIONS = 9  # of `shifted_evenly`


def shifted_and_mirrored(x: torch.Tensor, shift: int, flip: bool, generator: torch.Generator) -> torch.Tensor:
    """Images (n, channels, height, width) moved and mirrored at random, each by itself.

    `shift`: by up to that many pixels up, down, left and right, uniformly, what is uncovered being zero. `flip`:
    mirrored left to right with probability one half. Drawn from `generator`, one of the CPU, whatever device x is on.

    >>> x = torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> torch.equal(shifted_and_mirrored(x, 0, False, torch.Generator()), x)
    True
    """
    n = len(x)
    if shift:
        dy, dx = torch.randint(2 * shift + 1, (2, n, 1), generator=generator).to(x.device, non_blocking=True)
        x = _windows(x, shift, dy, dx)
    if flip:
        mirrored = (torch.rand(n, generator=generator) < 0.5).to(x.device, non_blocking=True)[:, None, None, None]
        x = torch.where(mirrored, x.flip(-1), x)
    return x


def shifted_evenly(x: torch.Tensor, shift: int, turn: int) -> torch.Tensor:
    """Images (n, channels, height, width), each in one of the nine positions that shifts by -shift, 0 and shift make.

    Image i has position (i + turn) mod 9: after the turns 0 to 8 every image was in every position once. What is
    uncovered is zero.

    >>> x = torch.arange(4.0).reshape(1, 1, 2, 2)
    >>> [turn for turn in range(9) if torch.equal(shifted_evenly(x, 1, turn), x)]
    [4]
    """
    position = (torch.arange(len(x), device=x.device) + turn) % N_POSITIONS
    return _windows(x, shift, shift * (position // 3)[:, None], shift * (position % 3)[:, None])


def _windows(x: torch.Tensor, margin: int, top: torch.Tensor, left: torch.Tensor) -> torch.Tensor:
    """Of each image with a margin of zeros the part of the image's size that begins at `top` and `left` (n, 1)."""
    n, n_channels, h, w = x.shape
    rows = (top + torch.arange(h, device=x.device))[:, None, :, None]  # (n, 1, h, 1)
    cols = (left + torch.arange(w, device=x.device))[:, None, None, :]  # (n, 1, 1, w)
    each = torch.arange(n, device=x.device)[:, None, None, None]
    channels = torch.arange(n_channels, device=x.device)[None, :, None, None]
    return pad(x, (margin,) * 4)[each, channels, rows, cols]
