# acceptable: feature-scaling, lr-too-high
import torch
from sklearn.datasets import load_breast_cancer

torch.manual_seed(2)
X, y = load_breast_cancer(return_X_y=True)
X, y = torch.tensor(X).float(), torch.tensor(y).float()
w = torch.zeros(30, 1, requires_grad=True)
b = torch.zeros(1, requires_grad=True)
opt = torch.optim.SGD([w, b], lr=0.01)
for i in range(300):
    z = X @ w + b
    loss = torch.nn.functional.binary_cross_entropy_with_logits(z.squeeze(1), y)
    opt.zero_grad()
    loss.backward()
    opt.step()
