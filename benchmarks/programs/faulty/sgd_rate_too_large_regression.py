# acceptable: lr-too-high
import torch

torch.manual_seed(1)
X = torch.randn(500, 20)
y = X @ torch.randn(20, 1)
W = torch.nn.Parameter(torch.zeros(20, 1))
optimizer = torch.optim.SGD([W], lr=1.5)
for step in range(200):
    idx = torch.randperm(500)[:100]
    optimizer.zero_grad()
    err = X[idx] @ W - y[idx]
    loss = (err**2).mean()
    loss.backward()
    optimizer.step()
    print(step, float(loss))
