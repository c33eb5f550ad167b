"""A line through noisy points: eight features, least squares, plain gradient descent.

python examples/linear_regression.py --lr 0.1 --steps 300
"""

import argparse

import torch
from torch import nn

parser = argparse.ArgumentParser()
parser.add_argument("--lr", type=float, default=0.1)
parser.add_argument("--steps", type=int, default=300)
args = parser.parse_args()

torch.manual_seed(0)
truth = torch.randn(8, 1)
x = torch.randn(512, 8)
y = x @ truth + 1.5 + 0.1 * torch.randn(512, 1)

model = nn.Linear(8, 1)
optimizer = torch.optim.SGD(model.parameters(), lr=args.lr)
loss_fn = nn.MSELoss()

for step in range(args.steps):
    batch = torch.randint(len(x), (64,))
    optimizer.zero_grad()
    loss = loss_fn(model(x[batch]), y[batch])
    loss.backward()
    optimizer.step()
    if step % 25 == 0 or step == args.steps - 1:
        print(f"step {step}: loss {loss.item():.4f}")

print(f"largest error of a coefficient {(model.weight[0] - truth[:, 0]).abs().max().item():.4f}")
