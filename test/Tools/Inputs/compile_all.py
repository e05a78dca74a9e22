"""Runs keopsc, with the arguments of this script, over a list of programs and says which of them it refuses."""

import subprocess
import sys

ALIASES = ["x=Vi:3", "y=Vj:3", "b=Vj:1", "a=Vi:1", "g=Pm:1", "S=Pm:9"]
PROGRAMS = """
Sum_Reduction(1,0)
Sum_Reduction(Zero(3),0)
Sum_Reduction(x,0)
Sum_Reduction(x,1)
Sum_Reduction(x**2**2 + 2**x + (-2)**3,0)
Sum_Reduction(Pow(x,0)+x**-20,0)
Sum_Reduction(WeightedSqDist(S,x,y)*g,0)
Sum_Reduction(Concat(Extract(x,0,1),ElemT(b,5,2)),1)
Min_Reduction(SumT(b,100)-1,0)
Max_ArgMax_Reduction(x-y,1)
KMin_ArgKMin_Reduction(SqDist(x,y),3,0)
LogSumExp_Reduction(a,0)
LogSumExp_Reduction(-SqDist(x,y),0,b)
SumSoftMaxWeight_Reduction(-SqDist(x,y),0,y)
LogSumExp_Reduction(x-y,1,x)
Fused(Prod_Reduction(x,0),Mean_Reduction(y,0),Var_Reduction(1,0),All_Reduction(x-y,0),Zero_Reduction(4,0))
Fused(Count_Reduction(Zero(2),1),Max_SumShiftExp_Reduction(a,1),KMax_Reduction(Zero(1),2,1))
Fused(Sum_Reduction(x,0),Sum_Reduction(x,0))
Fused(Sum_Reduction(x,0),Sum_Reduction(x,1),ArgMin_Reduction(SqDist(x,y),0))
Grad(Sum_Reduction(x*b,0),y,x)
Grad(Sum_Reduction(b,0),x,a)
Grad(Sum_Reduction(Sign(x*b),0),x,x)
Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,2*a)
Grad(Sum_Reduction(Exp(x*b),0),x,-x)
Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),g,a)
Grad(Sum_Reduction(Exp(-SqDist(x,y)*g)*b,0),x)
Grad(Grad(Sum_Reduction(Exp(-SqDist(x,y))*b,0),x,a),y,x)
Grad(Grad(Sum_Reduction(SqDist(x,y),0),x,a),a,x)
Grad(LogSumExp_Reduction(-SqDist(x,y),0),x,a)
Grad(SumSoftMaxWeight_Reduction(-SqDist(x,y),0,b),y,a)
Grad(Prod_Reduction(x-y,1),x,y)
Grad(Grad(Prod_Reduction(a,1),a,b),b,a)
Grad(Var_Reduction(3,0),x,a)
Grad(KMin_Reduction(SqDist(x,y),3,0),y,x)
Grad(Grad(Max_Reduction(x*y,0),y,x),x,y)
Grad(Count_Reduction(x,0),y,x)
Sum_Reduction(Grad(Grad(Exp(SqDist(x,y)),x,a),y,x),0)
"""


def compiles(program):
    arguments = [f"--alias={alias}" for alias in ALIASES]
    return subprocess.run(["keopsc", program, *arguments, *sys.argv[1:], "-o", "/dev/null", "--symbol=f"]).returncode == 0


failed = [program for program in PROGRAMS.strip().splitlines() if not compiles(program)]
for program in failed:
    print("failed:", program)
if not failed:
    print("all compiled")
